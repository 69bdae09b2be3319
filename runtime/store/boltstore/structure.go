package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"syscall"
)

// The layout of a bbolt file, version 2, as far as it decides where bbolt goes.
// Numbers have the byte order of the machine.
//
//	page          id u64, flags u16, count u16, overflow u32, then its elements
//	meta page     magic u32, version u32, page size u32, flags u32, root u64,
//	              sequence u64, freelist u64, pages u64, txid u64, FNV-1a u64
//	branch        count × (position u32, key size u32, page u64)
//	leaf          count × (flags u32, position u32, key size u32, value size u32)
//	bucket        a leaf's value with flag 1: root u64, sequence u64; root 0: a
//	              leaf page follows in the value
//	freelist      page ids u64; a count of 0xffff stands before the ids as u64
const (
	pageHeader   = 16
	elementSize  = 16
	bucketHeader = 16
	metaSize     = 64
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01
	noFreelist   = ^uint64(0)
	maxTreeDepth = 64
	maxPageSize  = 1 << 24
)

// checkStructure walks every page that the newest transaction of a bbolt file
// reaches. bbolt follows what it reads: a damaged page that leads back to itself
// would keep it going until the memory of the machine is used up, and a damaged
// count is an allocation. Keys and values are not looked at; records have
// checksums of their own.
//
// A file that is missing, empty, without a valid meta page, or locked by another
// process is left to bbolt, which says so.
func checkStructure(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return nil //nolint:nilerr // somebody else's: opening it will tell
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m, ok := newestMeta(f)
	if !ok {
		return nil
	}
	w := &walker{file: f, size: info.Size(), meta: m, seen: map[uint64]bool{}}
	if err := w.freelist(); err != nil {
		return err
	}
	return w.page(m.root, 0)
}

// meta is what a meta page says about the tree.
type meta struct {
	pageSize, root, freelist, pages, txid uint64
}

// newestMeta finds the valid meta page of the highest transaction. The second
// one lies at the page size, a power of two from 1 KiB.
func newestMeta(f io.ReaderAt) (newest meta, found bool) {
	for at := int64(0); at < maxPageSize; at = max(1024, 2*at) {
		m, ok := readMeta(f, at)
		if ok && (!found || m.txid > newest.txid) {
			newest, found = m, true
		}
	}
	return newest, found
}

func readMeta(f io.ReaderAt, at int64) (meta, bool) {
	b := make([]byte, metaSize)
	if _, err := f.ReadAt(b, at+pageHeader); err != nil {
		return meta{}, false
	}
	u32, u64 := binary.NativeEndian.Uint32, binary.NativeEndian.Uint64
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	if u32(b) != metaMagic || u32(b[4:]) != metaVersion || u64(b[metaSize-8:]) != sum.Sum64() {
		return meta{}, false
	}
	m := meta{pageSize: uint64(u32(b[8:])), root: u64(b[16:]), freelist: u64(b[32:]), pages: u64(b[40:]), txid: u64(b[48:])}
	second := at == 0 || uint64(at) == m.pageSize // a stale page further on is not a meta page
	return m, second && m.pageSize >= 1024 && m.pageSize <= maxPageSize
}

// walker visits each page once.
type walker struct {
	file io.ReaderAt
	size int64
	meta
	seen map[uint64]bool
}

// read returns a page with its overflow, and marks all of it as seen.
func (w *walker) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.pages || id >= uint64(w.size)/w.pageSize {
		return nil, fmt.Errorf("page %d is outside of the file", id)
	}
	head := make([]byte, pageHeader)
	if _, err := w.file.ReadAt(head, int64(id*w.pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	span := uint64(binary.NativeEndian.Uint32(head[12:])) + 1
	if binary.NativeEndian.Uint64(head) != id || span > w.pages-id || span > uint64(w.size)/w.pageSize-id {
		return nil, fmt.Errorf("page %d has a damaged header", id)
	}
	for p := id; p < id+span; p++ {
		if w.seen[p] {
			return nil, fmt.Errorf("page %d is used twice", p)
		}
		w.seen[p] = true
	}
	b := make([]byte, span*w.pageSize)
	if _, err := w.file.ReadAt(b, int64(id*w.pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

// freelist checks that the list of free pages lies within its page.
func (w *walker) freelist() error {
	if w.meta.freelist == noFreelist {
		return nil
	}
	b, err := w.read(w.meta.freelist)
	if err != nil {
		return err
	}
	count, from := uint64(binary.NativeEndian.Uint16(b[10:])), uint64(pageHeader)
	if count == 0xffff {
		count, from = binary.NativeEndian.Uint64(b[pageHeader:]), pageHeader+8
	}
	if binary.NativeEndian.Uint16(b[8:]) != freelistPage || count > (uint64(len(b))-from)/8 {
		return fmt.Errorf("page %d is a damaged list of free pages", w.meta.freelist)
	}
	return nil
}

// page checks a page of the tree and everything below it.
func (w *walker) page(id uint64, depth int) error {
	if depth > maxTreeDepth {
		return fmt.Errorf("page %d lies deeper than %d levels", id, maxTreeDepth)
	}
	b, err := w.read(id)
	if err != nil {
		return err
	}
	switch binary.NativeEndian.Uint16(b[8:]) {
	case branchPage:
		return w.branch(id, b, depth)
	case leafPage:
		return w.leaf(id, b, depth)
	}
	return fmt.Errorf("page %d is no page of a tree", id)
}

func (w *walker) branch(id uint64, b []byte, depth int) error {
	count := int(binary.NativeEndian.Uint16(b[10:]))
	if count == 0 || pageHeader+count*elementSize > len(b) {
		return fmt.Errorf("page %d has a damaged count", id)
	}
	for i := range count {
		at := pageHeader + i*elementSize
		e := b[at : at+elementSize]
		if !inside(b, at, e[0:], e[4:]) {
			return fmt.Errorf("page %d: key %d lies outside", id, i)
		}
		if err := w.page(binary.NativeEndian.Uint64(e[8:]), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) leaf(id uint64, b []byte, depth int) error {
	count := int(binary.NativeEndian.Uint16(b[10:]))
	if pageHeader+count*elementSize > len(b) {
		return fmt.Errorf("page %d has a damaged count", id)
	}
	for i := range count {
		at := pageHeader + i*elementSize
		e := b[at : at+elementSize]
		if !inside(b, at, e[4:], e[8:], e[12:]) {
			return fmt.Errorf("page %d: record %d lies outside", id, i)
		}
		if binary.NativeEndian.Uint32(e)&bucketFlag == 0 {
			continue
		}
		if err := w.bucket(id, bucketValue(b, at, e), depth); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a bucket within a leaf: a tree of its own, or a small page in
// the value, which has no further buckets.
func (w *walker) bucket(id uint64, value []byte, depth int) error {
	if len(value) < bucketHeader {
		return fmt.Errorf("page %d has a damaged bucket", id)
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return w.page(root, depth+1)
	}
	inline := value[bucketHeader:]
	if depth > maxTreeDepth || len(inline) < pageHeader || binary.NativeEndian.Uint16(inline[8:]) != leafPage {
		return fmt.Errorf("page %d has a damaged bucket", id)
	}
	return w.leaf(id, inline, depth+1)
}

// inside reports whether what an element at an offset describes, the sum of its
// position and sizes away, ends within b.
func inside(b []byte, at int, parts ...[]byte) bool {
	end := uint64(at)
	for _, p := range parts {
		end += uint64(binary.NativeEndian.Uint32(p))
	}
	return end <= uint64(len(b))
}

// bucketValue is the value of a leaf's element that lies inside.
func bucketValue(b []byte, at int, e []byte) []byte {
	from := at + int(binary.NativeEndian.Uint32(e[4:])) + int(binary.NativeEndian.Uint32(e[8:]))
	return b[from : from+int(binary.NativeEndian.Uint32(e[12:]))]
}
