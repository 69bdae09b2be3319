package manifest

import (
	"strings"

	"golang.org/x/mod/semver"
)

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// ValidName reports whether s can name a strategy: ^[a-z0-9][a-z0-9._-]{0,63}$.
// Kinds, engines, capabilities, audiences and label keys follow the same rule.
func ValidName(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && only(s[:1], lower+digits) && only(s, lower+digits+"._-")
}

// ValidVersion reports whether s is a complete semantic version without a
// leading v, at most 64 bytes long.
func ValidVersion(s string) bool {
	v := "v" + s
	return len(s) <= 64 && semver.IsValid(v) && semver.Canonical(v)+semver.Build(v) == v
}

// CompareVersions orders two semantic versions written without a leading v:
// -1, 0 or 1. Build metadata does not count. An invalid version is less than
// any valid one.
func CompareVersions(a, b string) int { return semver.Compare("v"+a, "v"+b) }

// validMethod is ^[A-Z][A-Za-z0-9_]{0,63}$, an exported Go identifier in ASCII.
func validMethod(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && only(s[:1], upper) && only(s, lower+upper+digits+"_")
}

// validCode is ^[a-z][a-z0-9_]{0,63}$, a code of a business error.
func validCode(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && only(s[:1], lower) && only(s, lower+digits+"_")
}

// validText is text for people: no control characters.
func validText(s string, limit int) bool {
	return len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0xfffd || r == 0x2028 || r == 0x2029
	})
}

func only(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }
