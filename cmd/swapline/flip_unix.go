//go:build unix

package main

import (
	"os"
	"syscall"
	"time"

	"github.com/cloudflare/tableflip"
	"golang.org/x/sys/unix"
)

// inherited are the descriptors by which tableflip's two processes talk. It
// leaves them open for whatever a process starts; probes and compilers must not
// have them.
const firstInherited, lastInherited = 3, 4

// newFlipper makes the one upgrader of the process. limit bounds how long a new
// process may take from its start until it has everything.
func newFlipper(limit time.Duration) (flipper, error) {
	u, err := tableflip.New(tableflip.Options{UpgradeTimeout: limit})
	if err != nil {
		return nil, err
	}
	if u.HasParent() {
		for fd := firstInherited; fd <= lastInherited; fd++ {
			unix.CloseOnExec(fd)
		}
	}
	return u, nil
}

// socketPair makes two connected sockets that no other program inherits.
func socketPair() ([2]int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return fds, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	return fds, nil
}
