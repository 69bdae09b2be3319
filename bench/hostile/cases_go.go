package main

import (
	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
)

// programs are strategies in Go that break in the ways of Go programs.
func programs() []attack {
	const trap, late, full = string(problem.FaultTrap), string(problem.FaultDeadline), string(problem.FaultMemory)
	const lie, panicked, refused = string(problem.FaultABI), string(problem.FaultPanic), "rejected " + abi.CodeBusinessError
	list := []attack{{name: "go/panic before there is a strategy", want: unstarted(problem.FaultTrap), program: earlyFile}}
	for _, c := range []struct{ mode, want string }{
		{"count", answered}, {"keep", answered},
		{"panic", panicked}, {"nil", panicked}, {"goroutine", trap}, {"exit", trap}, {"goexit", trap}, {"deadlock", trap}, {"block", trap},
		{"spin", late}, {"garbage", late}, {"timers", string(problem.FaultHost)}, {"yield", late}, {"sleep", answered},
		{"grow", full}, {"recurse", full}, {"map", full}, {"string", full}, {"defer", full}, {"wild", trap},
		{"goroutines", answered}, {"linger", answered}, {"chatter", answered}, {"print", answered},
		{"large", lie}, {"huge", lie}, {"deep", lie},
		{"environment", answered},
		{"file", refused}, {"write", refused}, {"folder", refused}, {"remove", refused}, {"program", refused},
		{"input", refused}, {"descriptors", refused}, {"kill", refused},
	} {
		list = append(list, program("go/"+c.mode, c.want, map[string]any{}, c.mode))
	}
	for _, c := range []struct{ mode, want string }{
		{"panic", startFault(problem.FaultPanic)}, {"exit", startFault(problem.FaultTrap)}, {"grow", startFault(problem.FaultMemory)},
		{"spin", refusal(problem.ConstructorFailed)}, {"file", refusal(problem.ConstructorFailed)}, {"block", startFault(problem.FaultTrap)},
	} {
		list = append(list, program("go/"+c.mode+" in the constructor", c.want, map[string]any{"start": c.mode}, "count"))
	}
	return list
}

// program is an attack by the Go guest.
func program(name, want string, config map[string]any, mode string) attack {
	asked := func(mode string) map[string]any { return map[string]any{"mode": mode} }
	return attack{name: name, want: want, program: misbehaveFile,
		call: question{in: asked(mode)},
		good: question{in: asked("count"), out: map[string]any{"calls": int64(1)}},
		change: func(m *manifest.Manifest) {
			m.Config = config
			m.Limits.MemoryBytes = 32 << 20
		}}
}
