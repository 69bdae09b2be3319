package capability

import (
	"net/netip"
	"net/url"
	"testing"
)

func TestOnlyAddressesOfThePublicInternetAreReached(t *testing.T) {
	never := refused()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "93.184.216.34": true, "100.63.255.255": true, "100.128.0.1": true, "172.32.0.1": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001:80b::200e": true, "::ffff:8.8.8.8": true,

		"127.0.0.1": false, "127.255.255.254": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "fd00::1": false, "fc00::1": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "168.63.129.16": false,
		"100.64.0.1": false, "100.100.100.200": false, "100.127.255.255": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false,
		"192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "198.18.0.1": false, "192.0.0.170": false, "192.88.99.1": false,
		"::ffff:100.64.0.1": false, "::ffff:192.0.2.1": false, "::ffff:168.63.129.16": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false, "::ffff:0:7f00:1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001:0:1::1": false,
		"2001:db8::1": false, "fec0::1": false, "100::1": false, "3fff::1": false, "5f00::1": false,
	} {
		if got := public(netip.MustParseAddr(address), never); got != want {
			t.Errorf("public(%s) = %t", address, got)
		}
	}
}

func TestTheDialerLooksAtEveryAddress(t *testing.T) {
	check := checkAddress(refused())
	for _, c := range []struct {
		network, address string
		ok               bool
	}{
		{"tcp4", "8.8.8.8:443", true}, {"tcp6", "[2606:4700:4700::1111]:443", true},
		{"tcp4", "127.0.0.1:443", false}, {"tcp6", "[::ffff:127.0.0.1]:80", false}, {"udp4", "8.8.8.8:53", false},
		{"unix", "/run/docker.sock", false}, {"tcp4", "localhost:80", false}, {"tcp4", "", false},
	} {
		if err := check(c.network, c.address, nil); (err == nil) != c.ok {
			t.Errorf("%s %s: %v", c.network, c.address, err)
		}
	}
}

func TestAnEntryAllowsItsNameAndPort(t *testing.T) {
	for _, c := range []struct {
		entry, url string
		want       bool
	}{
		{"api.example.com", "https://api.example.com/x", true},
		{"api.example.com", "https://API.Example.COM./x", true},
		{"api.example.com", "https://api.example.com:443", true},
		{"api.example.com", "http://api.example.com", true}, // the scheme is looked at before
		{"api.example.com", "https://api.example.com:8443", false},
		{"api.example.com", "https://api.example.com:80", false},
		{"api.example.com", "https://api.example.com.evil.test", false},
		{"api.example.com", "https://x.api.example.com", false},
		{"api.example.com", "https://evil.test/api.example.com", false},
		{"api.example.com", "https://evil.test#api.example.com", false},
		{"api.example.com:8443", "https://api.example.com:8443", true},
		{"api.example.com:8443", "https://api.example.com", false},
		{"*.example.com", "https://a.example.com", true},
		{"*.example.com", "https://a.b.example.com", true},
		{"*.example.com", "https://example.com", false},
		{"*.example.com", "https://badexample.com", false},
		{"*.example.com", "https://.example.com", false},
		{"*.example.com:9000", "https://a.example.com:9000", true},
		{"10.1.2.3", "https://10.1.2.3", true},
		{"10.1.2.3", "https://[::ffff:10.1.2.3]", false},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := hostRuleOf(c.entry)
		p := placeOf(u)
		if got := ok && r.allows(p.name, p.port, p.own); got != c.want {
			t.Errorf("%s allows %s: %t", c.entry, c.url, got)
		}
	}
}
