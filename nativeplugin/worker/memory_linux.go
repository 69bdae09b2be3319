package worker

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newMemory makes a sealed file of the size and maps it.
func newMemory(size int) (*memory, error) {
	fd, err := unix.MemfdCreate("swapline-worker", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "worker memory")
	if err := f.Truncate(int64(size)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, errors.Join(os.NewSyscallError("seal", err), f.Close())
	}
	m, err := mapMemory(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return m, nil
}

// mapMemory maps the whole file.
func mapMemory(f *os.File) (*memory, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &memory{bytes: b, file: f}, nil
}

// close unmaps the memory. Nobody may use it any more.
func (m *memory) close() error { return errors.Join(unix.Munmap(m.bytes), m.file.Close()) }

// sleep waits until somebody wakes those who sleep at word, at most so long; 0
// is for ever. It does not sleep if the word is not as it was seen. It may return
// without any reason.
func sleep(word *atomic.Uint32, seen uint32, most time.Duration) {
	var limit *unix.Timespec
	if most > 0 {
		t := unix.NsecToTimespec(int64(most))
		limit = &t
	}
	const wait = 0 // FUTEX_WAIT, between processes
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), wait, uintptr(seen), uintptr(unsafe.Pointer(limit)), 0, 0)
}

// wake wakes at most n of those who sleep at word.
func wake(word *atomic.Uint32, n int) {
	const wake = 1 // FUTEX_WAKE
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), wake, uintptr(n), 0, 0, 0)
}
