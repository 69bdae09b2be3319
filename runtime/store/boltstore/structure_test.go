package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// fill makes a file with buckets in buckets, records longer than a page and
// free pages, one transaction for each round.
func fill(t *testing.T, path string, rounds int, each func()) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // a repeatable test
	for range rounds {
		db, err := bolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bolt.Tx) error {
			outer, err := tx.CreateBucketIfNotExists(fmt.Appendf(nil, "bucket %d", random.IntN(5)))
			must(t, err)
			inner, err := outer.CreateBucketIfNotExists(fmt.Appendf(nil, "inner %d", random.IntN(20)))
			must(t, err)
			for range 200 {
				key := fmt.Appendf(nil, "key %d", random.IntN(2000))
				if random.IntN(3) == 0 {
					must(t, inner.Delete(key))
					continue
				}
				must(t, inner.Put(key, bytes.Repeat([]byte{1}, random.IntN(1+random.IntN(20_000)))))
			}
			return nil
		}))
		must(t, db.Close())
		each()
	}
}

func TestSoundFilesPass(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	must(t, checkStructure(path))
	fill(t, path, 60, func() { must(t, checkStructure(path)) })
}

// TestAPageThatLeadsBackIsRefused makes every branch page in turn its own child.
// bbolt would follow it until the memory is used up.
func TestAPageThatLeadsBackIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	fill(t, path, 10, func() {})
	whole, err := os.ReadFile(path)
	must(t, err)
	refused := 0
	for at := 2 * os.Getpagesize(); at+pageHeader < len(whole); at += os.Getpagesize() {
		id := binary.NativeEndian.Uint64(whole[at:])
		if id != uint64(at/os.Getpagesize()) || binary.NativeEndian.Uint16(whole[at+8:]) != branchPage {
			continue
		}
		damaged := bytes.Clone(whole)
		binary.NativeEndian.PutUint64(damaged[at+pageHeader+8:], id)
		must(t, os.WriteFile(path, damaged, 0o600))
		err := checkStructure(path)
		if err != nil && strings.Contains(err.Error(), "used twice") {
			refused++
		} else if err != nil {
			t.Errorf("page %d: %v", id, err)
		}
	}
	if refused == 0 {
		t.Fatal("no branch page that is in use was found: the test shows nothing")
	}
}
