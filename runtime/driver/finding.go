package driver

import "time"

// Finding is what a driver found when it examined a release before it loaded
// it. It is listed among the checks of the change.
type Finding struct {
	Name     string // of the check: "quarantine"
	Detail   string // for people
	Duration time.Duration
}

// Examined is an optional interface of instances whose driver examines releases.
type Examined interface {
	// Findings lists what was found for this very load; none if the release was
	// examined earlier.
	Findings() []Finding
}

// FindingsOf asks an instance for its findings; one that cannot tell has none.
func FindingsOf(i Instance) []Finding {
	if e, ok := i.(Examined); ok {
		return e.Findings()
	}
	return nil
}
