package capability

import (
	"fmt"
	"net/netip"
	"syscall"
)

// refused lists what requests may never reach, besides what netip itself calls
// loopback, private, link-local, multicast or unspecified: the special-purpose
// registries of IANA, and the forms of IPv6 that carry an IPv4 address and so
// lead wherever a gateway takes them.
func refused() []netip.Prefix {
	var list []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8",        // this network
		"100.64.0.0/10",    // carrier-grade NAT; the metadata service of some clouds
		"192.0.0.0/24",     // protocol assignments
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"240.0.0.0/4",      // reserved, and broadcast
		"168.63.129.16/32", // a cloud's host services
		"::/96",            // IPv4-compatible
		"::ffff:0:0:0/96",  // IPv4-translated
		"64:ff9b::/96",     // NAT64
		"64:ff9b:1::/48",   // local NAT64
		"100::/64",         // discard
		"2001::/23",        // protocol assignments, with Teredo
		"2001:db8::/32",    // documentation
		"2002::/16",        // 6to4
		"3fff::/20",        // documentation
		"5f00::/16",        // segment routing
		"fec0::/10",        // site-local
	} {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

// public reports whether a is an address of the public Internet.
func public(a netip.Addr, never []netip.Prefix) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range never {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// addressRefused says that a name leads to where no request may go.
type addressRefused struct{ addr string }

// Error implements error.
func (e addressRefused) Error() string {
	return fmt.Sprintf("the address %s is not one of the public Internet", e.addr)
}

// checkAddress is the Control of a net.Dialer. It sees the address that is
// connected to, after every resolution.
func checkAddress(never []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || network != "tcp4" && network != "tcp6" || !public(a.Addr(), never) {
			return addressRefused{address}
		}
		return nil
	}
}
