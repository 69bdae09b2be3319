package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
)

// intrusions are modes that try to reach what is outside of the guest. Each
// returns the error that it met, and panics if something answered.
func intrusions() map[string]func() error {
	return map[string]func() error{
		"file":    func() error { _, err := os.ReadFile("/etc/passwd"); return reached(err) },
		"write":   func() error { return reached(os.WriteFile("/tmp/misbehave", []byte("x"), 0o600)) },
		"folder":  func() error { _, err := os.ReadDir("/"); return reached(err) },
		"remove":  func() error { return reached(os.RemoveAll("/tmp/misbehave")) },
		"program": func() error { return reached(exec.Command("/bin/sh", "-c", "true").Run()) },
		"input":   func() error { _, err := io.ReadAll(os.Stdin); return reached(err) },
		"descriptors": func() error {
			for fd := uintptr(3); fd < 100; fd++ {
				if _, err := os.NewFile(fd, "").Read(make([]byte, 1)); err == nil {
					return reached(nil)
				}
			}
			return errors.New("there is no file")
		},
		"kill": func() error {
			p, err := os.FindProcess(1)
			if err == nil {
				err = p.Kill()
			}
			return reached(err)
		},
	}
}

func reached(err error) error {
	if err == nil {
		panic("the host was reached")
	}
	return err
}
