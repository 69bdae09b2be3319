package storetest

import (
	"time"

	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
)

func releaseChecks() []check {
	return []check{
		{"put keeps every field", putKeeps},
		{"put again keeps the first time and takes the newest envelope", putAgain},
		{"put refuses another release of the same digest", putOther},
		{"put needs the artifact", putNeedsArtifact},
		{"put refuses what has no name or digest", putNameless},
		{"put does not activate", putHolds},
		{"releases are listed by sequence and strategy", releasesListed},
		{"strategies are listed from their first release on", strategiesListed},
		{"release reports what is unknown", releaseUnknown},
		{"two releases may share an artifact", releasesShare},
	}
}

func putKeeps(s *subject) {
	want := release("pay", 1)
	s.commit(content(1))
	local := want
	local.Accepted = want.Accepted.In(time.FixedZone("far", 7200))
	s.ok(s.Put(s.ctx, local))
	for range 2 {
		got, err := s.Release(s.ctx, "pay", want.Digest)
		s.ok(err)
		s.equal(got, want)
		got.Envelope[0] = '!'
		s.restart()
	}
}

func putAgain(s *subject) {
	r := release("pay", 1)
	s.commit(content(1))
	s.ok(s.Put(s.ctx, r))
	more := r
	more.Accepted = at(99)
	more.Envelope = []byte("one signature more")
	s.ok(s.Put(s.ctx, more))
	want := r
	want.Envelope = more.Envelope
	got, err := s.Release(s.ctx, "pay", r.Digest)
	s.ok(err)
	s.equal(got, want)
}

func putOther(s *subject) {
	r := release("pay", 1)
	s.commit(content(1))
	s.commit(content(2))
	s.ok(s.Put(s.ctx, r))
	for name, change := range map[string]func(*store.Release){
		"version":  func(r *store.Release) { r.Version = "9.9.9" },
		"sequence": func(r *store.Release) { r.Sequence++ },
		"kind":     func(r *store.Release) { r.Kind = "other" },
		"artifact": func(r *store.Release) { r.Artifact = digest(content(2)) },
	} {
		other := r
		change(&other)
		if err := s.Put(s.ctx, other); problem.CodeOf(err) != problem.StoreCorrupt {
			s.t.Errorf("another %s: got %v", name, err)
		}
		if err := s.Activate(s.ctx, activation(other, 1)); problem.CodeOf(err) != problem.StoreCorrupt {
			s.t.Errorf("activate another %s: got %v", name, err)
		}
	}
	got, err := s.Release(s.ctx, "pay", r.Digest)
	s.ok(err)
	s.equal(got, r)
}

func putNeedsArtifact(s *subject) {
	r := release("pay", 1)
	s.refused(s.Put(s.ctx, r), problem.ArtifactMissing)
	s.refused(s.Activate(s.ctx, activation(r, 1)), problem.ArtifactMissing)
	s.refused(second(s.Release(s.ctx, "pay", r.Digest)), problem.UnknownRelease)
	s.refused(second(s.Route(s.ctx, "pay")), problem.UnknownStrategy)
	s.commit(content(1))
	r.Size++
	s.refused(s.Put(s.ctx, r), problem.Internal)
}

func putNameless(s *subject) {
	s.commit(content(1))
	for _, change := range []func(*store.Release){
		func(r *store.Release) { r.Strategy = "" },
		func(r *store.Release) { r.Digest = "" },
		func(r *store.Release) { r.Digest = "sha256:short" },
		func(r *store.Release) { r.Artifact = "" },
	} {
		r := release("pay", 1)
		change(&r)
		s.refused(s.Put(s.ctx, r), problem.Internal)
	}
}

func putHolds(s *subject) {
	s.commit(content(1))
	s.ok(s.Put(s.ctx, release("pay", 1)))
	s.refused(second(s.Route(s.ctx, "pay")), problem.UnknownStrategy)
	routes, err := s.Routes(s.ctx)
	s.ok(err)
	s.equal(len(routes), 0)
}

func releasesListed(s *subject) {
	for _, n := range []int{3, 300, 1, 2} {
		s.commit(content(n))
		s.ok(s.Put(s.ctx, release("pay", n)))
	}
	s.ok(s.Put(s.ctx, release("payment", 1)))
	for range 2 {
		list, err := s.Releases(s.ctx, "pay")
		s.ok(err)
		s.equal(list, []store.Release{release("pay", 1), release("pay", 2), release("pay", 3), release("pay", 300)})
		s.restart()
	}
}

func strategiesListed(s *subject) {
	names, err := s.Strategies(s.ctx)
	s.ok(err)
	s.equal(len(names), 0)
	s.commit(content(1))
	s.refused(s.Put(s.ctx, release("risk", 2)), problem.ArtifactMissing)
	s.refused(s.Activate(s.ctx, activation(release("a", 1), 2)), problem.StaleGeneration)
	s.ok(s.Put(s.ctx, release("pay", 1)))
	s.deployed("a-b", 1)
	s.deployed("a", 1)
	s.deployed("a", 2)
	for range 2 {
		names, err := s.Strategies(s.ctx)
		s.ok(err)
		s.equal(names, []string{"a", "a-b", "pay"})
		s.restart()
	}
}

func releaseUnknown(s *subject) {
	s.deployed("pay", 1)
	s.refused(second(s.Release(s.ctx, "pay", release("pay", 2).Digest)), problem.UnknownRelease)
	s.refused(second(s.Release(s.ctx, "risk", release("pay", 1).Digest)), problem.UnknownRelease)
	s.refused(second(s.Release(s.ctx, "pay", "")), problem.UnknownRelease)
	list, err := s.Releases(s.ctx, "risk")
	s.ok(err)
	s.equal(len(list), 0)
}

func releasesShare(s *subject) {
	s.commit(content(1))
	s.ok(s.Put(s.ctx, release("pay", 1)))
	s.ok(s.Put(s.ctx, release("risk", 1)))
	s.restart()
	for _, name := range []string{"pay", "risk"} {
		got, err := s.Release(s.ctx, name, release(name, 1).Digest)
		s.ok(err)
		s.equal(got, release(name, 1))
	}
}
