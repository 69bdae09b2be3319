package nativeplugin

import (
	"time"
)

// request is what the host asks the child; see the package comment.
type request struct {
	Loaded    []string  `json:"loaded"`
	Candidate string    `json:"candidate"`
	Strategy  string    `json:"strategy"`
	Version   string    `json:"version"`
	Config    []byte    `json:"config"` // package abi/wire
	Now       time.Time `json:"now"`
}

// verdict is the child's answer.
type verdict struct {
	Stage   stage    `json:"stage"`
	Error   string   `json:"error,omitempty"`
	Methods []string `json:"methods,omitempty"`
}

// stage says how far the child came.
type stage string

// Stages in their order; stageConstructed alone is a success.
const (
	stageReplay      stage = "replay"
	stageOpen        stage = "open"
	stageSymbol      stage = "symbol"
	stageType        stage = "type"
	stageConstruct   stage = "construct"
	stageConstructed stage = "constructed"
)
