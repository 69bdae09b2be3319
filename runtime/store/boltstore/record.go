package boltstore

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"
)

// Names of the buckets and of the keys in meta.
const (
	bucketMeta      = "meta"
	bucketReleases  = "releases"
	bucketArtifacts = "artifacts"
	bucketRoutes    = "routes"
	bucketJournal   = "journal"
	bucketRollouts  = "rollouts"
	bucketDecisions = "decisions"
	bucketFinals    = "finals"
	bucketPolicies  = "policies"

	bucketComparisons = "comparisons"
	bucketReports     = "reports"

	keyFormat = "format"
	keyPolicy = "policy"
)

// checksumSize is the length of a record's CRC-32C.
const checksumSize = 4

// errChecksum says that a record is not what was written.
var errChecksum = errors.New("checksum does not match")

// place is where records of one sort are: a bucket, or one strategy's bucket in
// it. A place without a bucket is empty.
type place struct {
	store *Store
	name  string
	b     *bolt.Bucket
}

// at finds a place in tx; each further name is a bucket in the bucket. What
// older files have no bucket for is empty in them.
func (s *Store) at(tx *bolt.Tx, names ...string) (place, error) {
	p := place{store: s, name: names[0], b: tx.Bucket([]byte(names[0]))}
	if p.b == nil {
		if s.isLater(tx, p.name) {
			return p, nil
		}
		return p, s.corrupt("bucket %s is missing", p.name)
	}
	for _, n := range names[1:] {
		p.name += "/" + n
		if p.b = p.b.Bucket([]byte(n)); p.b == nil {
			break
		}
	}
	return p, nil
}

// make finds a place of a strategy in tx and makes it if need be.
func (s *Store) make(tx *bolt.Tx, bucket, strategy string) (place, error) {
	p, err := s.at(tx, bucket)
	if err != nil {
		return p, err
	}
	p.name += "/" + strategy
	p.b, err = p.b.CreateBucketIfNotExists([]byte(strategy))
	return p, err
}

// get decodes the record of key into v and reports whether there is one.
func (p place) get(key []byte, v any) (bool, error) {
	if p.b == nil {
		return false, nil
	}
	raw := p.b.Get(key)
	if raw == nil {
		return false, nil
	}
	return true, p.decode(key, raw, v)
}

// put writes the record of key.
func (p place) put(key []byte, v any) error {
	raw, err := encodeRecord(key, v)
	if err != nil {
		return contradiction("record %s cannot be written: %w", p.path(key), err)
	}
	return p.b.Put(key, raw)
}

// decode decodes one record that was found under key.
func (p place) decode(key, raw []byte, v any) error {
	if err := decodeRecord(key, raw, v); err != nil {
		return p.store.corruptRecord(p.path(key), err)
	}
	return nil
}

// path names a record for people; keys that are not text are hexadecimal.
func (p place) path(key []byte) string {
	if utf8.Valid(key) && len(key) > 0 && key[0] >= ' ' {
		return p.name + "/" + string(key)
	}
	return p.name + "/" + hex.EncodeToString(key)
}

func encodeRecord(key []byte, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	raw := binary.BigEndian.AppendUint32(make([]byte, 0, checksumSize+len(body)), checksum(key, body))
	return append(raw, body...), nil
}

func decodeRecord(key, raw []byte, v any) error {
	if len(raw) < checksumSize {
		return errChecksum
	}
	body := raw[checksumSize:]
	if binary.BigEndian.Uint32(raw) != checksum(key, body) {
		return errChecksum
	}
	return json.Unmarshal(body, v)
}

func checksum(key, body []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, body)
}
