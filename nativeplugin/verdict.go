package nativeplugin

import (
	"fmt"
	"strings"
	"time"
)

// request is what the host asks the child; see the package comment.
type request struct {
	Loaded       []string      `json:"loaded"`
	Candidate    string        `json:"candidate"`
	Strategy     string        `json:"strategy"`
	Version      string        `json:"version"`
	Config       []byte        `json:"config"` // package abi/wire
	Issued       time.Time     `json:"issued"`
	Now          time.Time     `json:"now"`
	Capabilities []string      `json:"capabilities,omitempty"`
	Golden       []goldenCase  `json:"golden,omitempty"`
	CaseLimit    time.Duration `json:"case_limit_ns"`
	Quiet        time.Duration `json:"quiet_ns"`
	Memory       int64         `json:"memory"`
}

// goldenCase is one of the manifest's in the form of package abi/wire.
type goldenCase struct {
	Input    []byte `json:"input"`
	Output   []byte `json:"output,omitempty"`
	Rejected string `json:"rejected,omitempty"`
}

// step is where the child is; it notes each one as it begins.
type step struct {
	Stage stage `json:"stage"`
	Case  int   `json:"case,omitempty"` // index of the golden case
}

// verdict is the child's answer.
type verdict struct {
	step
	How     how      `json:"how,omitempty"`
	Error   string   `json:"error,omitempty"`
	Methods []string `json:"methods,omitempty"`
	// Opened is how long opening the candidate took, its initialisation included.
	Opened time.Duration `json:"opened_ns"`
	Found  findings      `json:"found"`
}

// findings is what the plugin left behind although nothing failed.
type findings struct {
	Goroutines  int      `json:"goroutines"`            // more than before
	Where       []string `json:"where,omitempty"`       // where they were started
	Descriptors int      `json:"descriptors,omitempty"` // more than before
	Changed     []change `json:"changed,omitempty"`
	Registered  []string `json:"registered,omitempty"` // what is once per process
	Peak        int64    `json:"peak"`                 // bytes of memory, at most
	Grown       int64    `json:"grown"`                // bytes of memory more than before
}

// change is a part of the process that is not as it was.
type change struct {
	What string `json:"what"`
	Was  string `json:"was"`
	Is   string `json:"is"`
}

// stage says how far the child came.
type stage string

// Stages in their order; stageDone alone is a success.
const (
	stageReplay    stage = "replay"
	stageOpen      stage = "open"
	stageSymbol    stage = "symbol"
	stageType      stage = "type"
	stageConstruct stage = "construct"
	stageClaims    stage = "claims"
	stageValidate  stage = "validate"
	stageGolden    stage = "golden"
	stageSignals   stage = "signals"
	stageQuiet     stage = "quiet"
	stageDone      stage = "done"
)

// words says what the plugin was asked to do.
func (s step) words(cases []string) string {
	switch s.Stage {
	case "":
		return "before it began"
	case stageReplay:
		return "while the plugins that are loaded were opened again"
	case stageOpen:
		return "while its packages were initialised"
	case stageConstruct:
		return "in its constructor"
	case stageClaims:
		return "in Points or Bindings"
	case stageValidate:
		return "in Validate"
	case stageGolden:
		if s.Case >= 0 && s.Case < len(cases) {
			return fmt.Sprintf("in golden case %q", cases[s.Case])
		}
	case stageSignals:
		return "when the process got a signal that is the host's to handle"
	case stageQuiet, stageDone:
		return "after all its calls had returned"
	}
	return "at " + string(s.Stage)
}

// how says in which way a stage failed; "" is an error like any other.
type how string

const (
	howPanic  how = "panic"
	howGoexit how = "goexit"
	howHang   how = "hang"
)

// cut bounds what goes into messages: it is a plugin's.
func (v *verdict) cut() {
	const most = 20
	v.Error, v.Found.Where, v.Found.Registered = quoted(v.Error), cutList(v.Found.Where), cutList(v.Found.Registered)
	v.Found.Changed = v.Found.Changed[:min(len(v.Found.Changed), most)]
	for i, c := range v.Found.Changed {
		v.Found.Changed[i] = change{abridged(c.What), abridged(c.Was), abridged(c.Is)}
	}
}

func cutList(list []string) []string {
	const most = 20
	list = list[:min(len(list), most)]
	for i := range list {
		list[i] = abridged(list[i])
	}
	return list
}

// quoted cuts what a plugin says to what fits into a message.
func quoted(s string) string {
	const room = 4 << 10
	return strings.ToValidUTF8(s[:min(len(s), room)], "")
}
