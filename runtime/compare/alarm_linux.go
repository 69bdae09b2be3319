package compare

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// imprecise is by how much an alarm is late, mostly.
const imprecise = 50 * time.Microsecond

// coarse is by how much the timers of the Go runtime may be: it waits for whole
// milliseconds.
const coarse = 1500 * time.Microsecond

// alarm sleeps by a timer of the kernel (timerfd_create(2)), whose moment is exact. As
// it is a file to the Go runtime, who sleeps keeps neither a processor nor a thread.
type alarm struct {
	file *os.File // nil until it is needed
	room [8]byte
}

// sleep sleeps so long, or less where there is no such timer.
func (a *alarm) sleep(d time.Duration) {
	if a.set(d) == nil {
		if _, err := a.file.Read(a.room[:]); err == nil {
			return
		}
	}
	time.Sleep(d - coarse)
}

// set sets the timer.
func (a *alarm) set(d time.Duration) error {
	if a.file == nil {
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			return os.NewSyscallError("timerfd_create", err)
		}
		a.file = os.NewFile(uintptr(fd), "alarm")
	}
	raw, err := a.file.SyscallConn()
	if err != nil {
		return err
	}
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.TimerfdSettime(int(fd), 0, &at, nil) }) //nolint:gosec // a descriptor
	if err != nil {
		return err
	}
	return failed
}

func (a *alarm) close() {
	if a.file != nil {
		_ = a.file.Close()
	}
}
