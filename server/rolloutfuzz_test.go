package server_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzRollouts sends any bytes as the body and the tag of everything that changes
// a rollout or its policy: the answer is never 5xx, and says what was wrong.
func FuzzRollouts(f *testing.F) {
	h := start(f)
	r := h.sign("one", "1.0.0", 10)
	body, media := form(f, "envelope", r.envelope, "artifact", r.artifact)
	a := h.do(request{method: "POST", path: "/v1/strategies/risk/releases", body: bytes.NewReader(body),
		header: map[string]string{"Content-Type": media, "If-None-Match": "*"}})
	if a.status != http.StatusCreated {
		f.Fatalf("%d %s", a.status, a.body)
	}
	ways := [][2]string{{"POST", rolloutsPath}, {"POST", rolloutsPath + "/1/abort"}, {"PUT", policyPath}, {"DELETE", policyPath}}
	for way := range ways {
		f.Add(uint8(way), `"1"`, []byte(slowPolicy))
		f.Add(uint8(way), `"0"`, []byte(`{"release":"1.0.0","policy":`+slowPolicy+`}`))
		f.Add(uint8(way), `W/"1"`, []byte(`{"release":"1.0.0","policy":{"stages":[{"weight":1e300}]},"reason":"\u0000"}`))
	}
	f.Add(uint8(2), `"0"`, []byte(`{"breaker":{"fallback":[{"kind":"static","output":{"$bytes":"AA=="}}]},"guards":[{"metric":"field_share","field":"/a","equals":null}]}`))
	f.Fuzz(func(t *testing.T, way uint8, tag string, body []byte) {
		to := ways[int(way)%len(ways)]
		q, err := http.NewRequestWithContext(t.Context(), to[0], h.base+to[1], bytes.NewReader(body))
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+testToken)
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("If-Match", strings.Map(printable, tag))
		res, err := h.client.Do(q)
		check(t, err)
		text, err := io.ReadAll(res.Body)
		check(t, err)
		check(t, res.Body.Close())
		if res.StatusCode >= 500 || res.StatusCode >= 400 && !bytes.Contains(text, []byte(`"code":`)) {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
}

// printable drops what a client cannot send in a header.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
