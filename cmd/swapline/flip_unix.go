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

// upgrader is tableflip's. That learns of the end of the process before a moment
// later than those who wait for it, and refuses until then.
type upgrader struct{ *tableflip.Upgrader }

// parentThere is what it says meanwhile; it exports no error for it.
const parentThere = "parent hasn't exited"

// Upgrade is called after WaitForParent.
func (u upgrader) Upgrade() error {
	for {
		err := u.Upgrader.Upgrade()
		if err == nil || err.Error() != parentThere {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

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
	return upgrader{u}, nil
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
