package boltstore

import bolt "go.etcd.io/bbolt"

// OpenUnsynced is [Open] without waiting for the disk, for tests and simulations that
// make thousands of changes. What was acknowledged outlives this process, however
// it ends, but not a failure of the machine, which may damage the store, too.
func OpenUnsynced(dir string) (*Store, error) {
	return open(dir, unsyncedFiles{}, &bolt.Options{Timeout: lockWait, NoSync: true, NoGrowSync: true})
}

// unsyncedFiles is the file system, which is never told to write anything down.
type unsyncedFiles struct{ osFiles }

func (fs unsyncedFiles) Create(path string) (file, error) {
	f, err := fs.osFiles.Create(path)
	return unsyncedFile{f}, err
}

func (fs unsyncedFiles) Open(path string) (file, error) {
	f, err := fs.osFiles.Open(path)
	return unsyncedFile{f}, err
}

func (unsyncedFiles) SyncDir(string) error { return nil }

type unsyncedFile struct{ file }

func (unsyncedFile) Sync() error { return nil }

var _ files = unsyncedFiles{}
