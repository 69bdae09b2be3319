package manifest

import "strings"

// ValidHost reports whether s names where requests may go: a lower-case DNS name
// or an IPv4 address, or "*." and a name of two labels or more, which stands for
// every name below it; then perhaps a colon and a port.
func ValidHost(s string) bool {
	name, port, has := strings.Cut(s, ":")
	if has && !validPort(port) {
		return false
	}
	if below, ok := strings.CutPrefix(name, "*."); ok {
		return validDNS(below) && strings.Contains(below, ".")
	}
	return validDNS(name)
}

func validDNS(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		ok := len(label) >= 1 && len(label) <= 63 && only(label, lower+digits+"-_")
		if !ok || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// validPort is 1 to 65535 without leading zeros.
func validPort(s string) bool {
	if s == "" || len(s) > 5 || s[0] == '0' || !only(s, digits) {
		return false
	}
	return len(s) < 5 || s <= "65535"
}
