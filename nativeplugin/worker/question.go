package worker

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/swapline/swapline/abi/wire"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// Artifact is what the worker opens.
type Artifact struct {
	Path   string          `json:"path"`
	SHA256 manifest.Digest `json:"sha256"`
	Size   int64           `json:"size"`
}

// question is the body of kindConstruct, in JSON.
type question struct {
	Artifact Artifact  `json:"artifact"`
	Config   []byte    `json:"config"` // package wire
	Words    []string  `json:"words"`  // granted capabilities
	Issued   time.Time `json:"issued"`
	Memory   int64     `json:"memory"` // bytes, 0 for no limit
}

func questionOf(s driver.Spec) (question, error) {
	m := s.Manifest
	config, err := wire.Append(nil, m.Config)
	if err != nil {
		return question{}, problem.New(problem.ValueDomain, "the config of %s is outside of the value domain: %w", m.Name, err)
	}
	return question{
		Artifact: Artifact{Path: s.Path, SHA256: m.Artifact.SHA256, Size: m.Artifact.Size},
		Config:   config, Words: s.Grant.Words(), Issued: m.Issued, Memory: m.Limits.MemoryBytes,
	}, nil
}

func (q *question) decode(b []byte) error {
	if err := json.Unmarshal(b, q); err != nil {
		return fmt.Errorf("no question: %w", err)
	}
	return nil
}

func (q *question) has(word string) bool { return slices.Contains(q.Words, word) }

// clock is the host's clock.
func (s *servant) clock() time.Time {
	return time.Unix(0, s.ahead.Load()+time.Since(s.born).Nanoseconds()).UTC()
}
