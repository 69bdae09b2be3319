//go:build !portable

package snapshot

import (
	"bytes"
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// file is where an image is kept: a memory file that nobody can change, and
// the list of this process's pages. A descriptor is -1 if there is none.
type file struct{ memory, pagemap int }

func (f *file) mapped() bool { return f.memory >= 0 }
func (f *file) scans() bool  { return f.pagemap >= 0 }

// fill keeps the content in a memory file. Where there are no such files it is
// kept on the heap.
func (i *Image) fill(b []byte) error {
	i.file = file{-1, -1}
	if len(b) == 0 {
		return nil
	}
	fd, err := createFile()
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		i.bytes = append([]byte(nil), b...)
		return nil
	}
	if err != nil {
		return err
	}
	i.file.memory = fd
	if err := i.write(b); err != nil {
		return errors.Join(err, i.drop())
	}
	i.file.pagemap = i.openPagemap()
	return nil
}

// createFile makes a file that nobody can run; kernels before 6.3 do not know
// the word for it.
func createFile() (int, error) {
	fd, err := unix.MemfdCreate("swapline-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) {
		return unix.MemfdCreate("swapline-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	return fd, err
}

// write writes and seals the file and maps it.
func (i *Image) write(b []byte) error {
	if err := unix.Ftruncate(i.file.memory, int64(len(b))); err != nil {
		return err
	}
	if err := writeSparse(i.file.memory, b, os.Getpagesize()); err != nil {
		return err
	}
	seals := unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(i.file.memory), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	m, err := unix.Mmap(i.file.memory, 0, len(b), unix.PROT_READ, unix.MAP_PRIVATE)
	i.bytes = m
	return err
}

// writeSparse writes the pages that are not zero.
func writeSparse(fd int, b []byte, page int) error {
	zeros := make([]byte, page)
	for at := 0; at < len(b); at += page {
		if bytes.Equal(b[at:at+page], zeros) {
			continue
		}
		if n, err := unix.Pwrite(fd, b[at:at+page], int64(at)); err != nil || n != page {
			return errors.Join(err, errShort)
		}
	}
	return nil
}

var errShort = errors.New("the memory file took not all")

// drop gives back file and mapping.
func (i *Image) drop() (err error) {
	if i.file.mapped() && i.bytes != nil {
		err = unix.Munmap(i.bytes)
	}
	i.bytes = nil
	for _, fd := range []*int{&i.file.memory, &i.file.pagemap} {
		if *fd >= 0 {
			err = errors.Join(err, unix.Close(*fd))
		}
		*fd = -1
	}
	return err
}

// openPagemap opens the list of this process's pages, if the image needs it and
// the kernel can search it.
func (i *Image) openPagemap() int {
	if len(i.bytes) <= SmallMemory {
		return -1
	}
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if !i.finds(fd) {
		_ = unix.Close(fd)
		return -1
	}
	return fd
}

// finds reports whether a search finds what it should: of three pages of the
// file, which were all used, the one that was written to.
func (i *Image) finds(fd int) bool {
	page := os.Getpagesize()
	b, err := unix.Mmap(i.file.memory, 0, page*3, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Munmap(b) }()
	if b[page]++; bytes.Equal(b, i.bytes[:len(b)]) {
		return false
	}
	s := &space{base: unsafe.Pointer(unsafe.SliceData(b))}
	found, next, ok := s.scan(&file{i.file.memory, fd}, 0, len(b))
	if !ok || len(found) != 1 || next != len(b) {
		return false
	}
	start, end := s.offsets(found[0])
	return start == page && end == 2*page && bytes.Equal(b[:page], i.bytes[:page]) && bytes.Equal(b[end:], i.bytes[end:len(b)])
}
