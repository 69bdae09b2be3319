package boltstore

import (
	"cmp"
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

// Put implements [store.Store].
func (s *Store) Put(ctx context.Context, r store.Release) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.update(ctx, func(tx *bolt.Tx) error { return s.record(tx, r) })
}

// record writes a release and its reference to the artifact.
func (s *Store) record(tx *bolt.Tx, r store.Release) error {
	if r.Strategy == "" || !r.Digest.Valid() || !r.Artifact.Valid() {
		return contradiction("release %q of strategy %q lacks a name or a digest", r.Digest, r.Strategy)
	}
	p, err := s.make(tx, bucketReleases, r.Strategy)
	if err != nil {
		return err
	}
	var old store.Release
	found, err := p.get([]byte(r.Digest), &old)
	if err != nil {
		return err
	}
	r.Accepted = r.Accepted.UTC()
	if found {
		if !sameStatement(old, r) {
			return s.corruptRecord(p.path([]byte(r.Digest)), errOtherRelease)
		}
		r.Accepted = old.Accepted
	}
	if err := s.refer(tx, r); err != nil {
		return err
	}
	return p.put([]byte(r.Digest), r)
}

// refer notes that a release needs its artifact, which must be there.
func (s *Store) refer(tx *bolt.Tx, r store.Release) error {
	a, err := s.locate(tx, r.Artifact)
	if err != nil {
		return err
	}
	if a.Size != r.Size {
		return contradiction("release %s states %d bytes, its artifact has %d", r.Digest.Short(), r.Size, a.Size)
	}
	p, err := s.at(tx, bucketArtifacts)
	if err != nil {
		return err
	}
	return p.put([]byte(r.Artifact), reference{Size: a.Size})
}

// sameStatement compares what the payload digest fixes.
func sameStatement(a, b store.Release) bool {
	return a.Strategy == b.Strategy && a.Version == b.Version && a.Sequence == b.Sequence &&
		a.Kind == b.Kind && a.Digest == b.Digest && a.Artifact == b.Artifact && a.Size == b.Size
}

// Release implements [store.Store].
func (s *Store) Release(ctx context.Context, strategy string, digest manifest.Digest) (store.Release, error) {
	var r store.Release
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketReleases, strategy)
		if err != nil {
			return err
		}
		found, err := p.get([]byte(digest), &r)
		if err == nil && !found {
			err = unknownRelease(strategy, digest)
		}
		return err
	})
	return r, err
}

func unknownRelease(strategy string, digest manifest.Digest) error {
	return problem.New(problem.UnknownRelease, "strategy %q has no release %s", strategy, digest.Short()).
		Cure("list the strategy's releases and name one of them")
}

// Releases implements [store.Store].
func (s *Store) Releases(ctx context.Context, strategy string) ([]store.Release, error) {
	var list []store.Release
	err := s.view(ctx, func(tx *bolt.Tx) error {
		p, err := s.at(tx, bucketReleases, strategy)
		if err != nil {
			return err
		}
		return p.eachRelease(func(r store.Release) { list = append(list, r) })
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b store.Release) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Digest, b.Digest))
	})
	return list, nil
}

// Strategies implements [store.Store]. A strategy has a bucket of releases from
// its first release on; bbolt keeps buckets sorted.
func (s *Store) Strategies(ctx context.Context) ([]string, error) {
	var names []string
	err := s.view(ctx, func(tx *bolt.Tx) error {
		all, err := s.at(tx, bucketReleases)
		if err != nil {
			return err
		}
		return all.b.ForEachBucket(func(strategy []byte) error {
			names = append(names, string(strategy))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// eachRelease visits the releases at p.
func (p place) eachRelease(visit func(store.Release)) error {
	if p.b == nil {
		return nil
	}
	return p.b.ForEach(func(key, raw []byte) error {
		var r store.Release
		if err := p.decode(key, raw, &r); err != nil {
			return err
		}
		visit(r)
		return nil
	})
}
