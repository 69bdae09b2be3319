package compare

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// pause holds this thread for a while, without the scheduler, which would look for other
// work first and use a processor for that.
func pause(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	for errors.Is(unix.Nanosleep(&left, &left), unix.EINTR) {
	}
}
