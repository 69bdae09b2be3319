package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/swapline/swapline/runtime"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/driver/memdriver"
	"github.com/swapline/swapline/runtime/manifest"
	"github.com/swapline/swapline/runtime/problem"
	"github.com/swapline/swapline/runtime/store"
	"github.com/swapline/swapline/runtime/store/boltstore"
	"github.com/swapline/swapline/server"
)

// tornStore answers with comparisons beside an error.
type tornStore struct {
	store.Store
	err error
}

func (s *tornStore) Comparisons(ctx context.Context) ([]store.Comparison, error) {
	list, err := s.Store.Comparisons(ctx)
	if err == nil {
		err = s.err
	}
	return list, err
}

// TestTheListTellsOfWhatIsDamaged, and has the rest.
func TestTheListTellsOfWhatIsDamaged(t *testing.T) {
	inner, err := boltstore.OpenUnsynced(t.TempDir())
	check(t, err)
	defer inner.Close()
	torn := &tornStore{Store: inner}
	check(t, inner.RecordComparison(t.Context(), store.Comparison{Number: 1, ID: "kept", Record: []byte(`{"strategy":"risk","state":"done"}`)}, nil))
	rt, err := runtime.Open(t.Context(), runtime.Config{Store: torn, Log: slog.New(slog.DiscardHandler),
		Drivers: map[manifest.Kind]driver.Driver{memdriver.Kind: memdriver.New(nil)}})
	check(t, err)
	defer func() { check(t, rt.Close(context.Background())) }()
	handler, err := server.New(server.Config{Runtime: rt, Token: testToken})
	check(t, err)
	for _, c := range []struct {
		err    error
		status int
		holds  string
	}{
		{nil, http.StatusOK, `}]}`},
		{problem.New(problem.StoreCorrupt, "/secret/place: record comparisons/2"), http.StatusOK, `"problem":"records of comparisons are damaged`},
		{problem.New(problem.StoreCorrupt, "/secret/place: record comparisons/2"), http.StatusOK, `"id":"kept"`},
		{problem.New(problem.StoreFailed, "the disk is gone"), http.StatusInternalServerError, `"code":"store_failed"`},
	} {
		torn.err = c.err
		q := httptest.NewRequestWithContext(t.Context(), "GET", comparisonsPath, nil)
		q.Header.Set("Authorization", "Bearer "+testToken)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, q)
		if body := w.Body.String(); w.Code != c.status || !strings.Contains(body, c.holds) || strings.Contains(body, "secret") {
			t.Errorf("%v: %d %s", c.err, w.Code, body)
		}
	}
}

// TestWhoCancelsAComparisonIsTold, as who began it.
func TestWhoCancelsAComparisonIsTold(t *testing.T) {
	h := start(t)
	h.rollable()
	s := h.stuck()
	a := h.do(request{method: "DELETE", path: comparisonsPath + "/" + s.ID, header: map[string]string{"Swapline-Actor": "otto"}})
	if a.status >= 300 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if s := h.over(s.ID); s.State != "canceled" || s.Actor != "anna" || !strings.Contains(s.Problem, "otto cancelled it") {
		t.Errorf("%+v", s)
	}
}
