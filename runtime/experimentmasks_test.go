package runtime_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swapline/swapline/runtime/compare"
	"github.com/swapline/swapline/runtime/difference"
	"github.com/swapline/swapline/runtime/store"
)

// person is what nobody is to keep once a mask names it.
const person = "Ada-Lovelace-1815"

func personal() map[string]any {
	return map[string]any{"plain": true, "person": map[string]any{"name": person}}
}

// differing lets every second pair differ.
func differing(i int) int64 { return int64(10 + 65*(i%2)) }

// naming begins a paired experiment whose report names the person.
func naming(t *testing.T) (*world, *stage) {
	w, s := actors(t, 50)
	w.experiment(pairs(map[string]any{"max_different": 1.0}))
	w.paired(60, differing, personal())
	if shown := everything(t, w.report()); !strings.Contains(shown, person) {
		t.Fatalf("nobody is named: %s", shown)
	}
	return w, s
}

func everything(t *testing.T, r *compare.Report) string {
	t.Helper()
	text, err := json.Marshal(r)
	must(t, err)
	return string(text)
}

// wholeRecord is all that the store has of the experiment, with its report unpacked.
func (w *world) wholeRecord() string {
	w.t.Helper()
	carrier, doc := w.stored()
	text := string(carrier.Experiment)
	if packed, ok := doc["report"].(string); ok {
		b, err := base64.StdEncoding.DecodeString(packed)
		must(w.t, err)
		r, err := gzip.NewReader(bytes.NewReader(b))
		must(w.t, err)
		plain, err := io.ReadAll(r)
		must(w.t, err)
		text += string(plain)
	}
	return text
}

// masksPerson is a mask that an operator adds.
func (w *world) masksPerson() { w.records(map[string]any{"mask": []any{"/person/name"}}) }

// TestAMaskThatComesLaterHoldsForAllOfAnExperiment: for what it shows at once, for what it
// keeps, and for what it learns later.
func TestAMaskThatComesLaterHoldsForAllOfAnExperiment(t *testing.T) {
	w, s := naming(t)
	eventually(t, "a note that names the person", func() bool { return strings.Contains(w.wholeRecord(), person) })
	before := w.report().Answers[0]
	w.masksPerson()
	report := w.report()
	if shown := everything(t, report); strings.Contains(shown, person) {
		t.Fatalf("the report names whom a mask hides: %s", shown)
	}
	if a := report.Answers[0]; a.Compared < before.Compared || a.Different < before.Different || len(a.Places) != len(before.Places) {
		t.Errorf("what was counted has gone: %+v, before %+v", a, before)
	}
	eventually(t, "a note that names nobody", func() bool { return !strings.Contains(w.wholeRecord(), person) })
	w.paired(report.Answers[0].Compared+60, differing, personal())
	after := w.report()
	a := after.Answers[0]
	if len(a.Examples) == 0 || !strings.Contains(a.Examples[0].Text, strings.Repeat("x", len(person))) || a.Places[0].Value == difference.Hidden {
		t.Errorf("there are no new examples: %+v", a)
	}
	if strings.Contains(everything(t, after), person) {
		t.Error("a new example names the person")
	}
	w.restarted(s)
	w.rollsOn(t)
	if a := w.report().Answers[0]; len(a.Examples) == 0 {
		t.Error("a restart has lost examples that are masked")
	}
	_, err := w.stopped(false)
	must(t, err)
	if strings.Contains(everything(t, w.report()), person) || strings.Contains(w.wholeRecord(), person) {
		t.Error("the end names the person")
	}
}

// TestAMaskThatIsTakenAwayHoldsUntilTheEnd so that all examples are masked alike.
func TestAMaskThatIsTakenAwayHoldsUntilTheEnd(t *testing.T) {
	w, _ := naming(t)
	w.masksPerson()
	w.records(nil)
	w.paired(w.compared()+60, differing, personal())
	if a := w.report().Answers[0]; len(a.Examples) == 0 || strings.Contains(everything(t, w.report()), person) {
		t.Errorf("%+v", a)
	}
}

// policyInStore adds the mask while no host runs.
func (w *world) policyInStore() {
	w.t.Helper()
	set, err := w.store.RolloutPolicy(context.Background(), name)
	must(w.t, err)
	text := []byte(`{"record":{"last":10,"mask":["/person/name"]}}`)
	must(w.t, w.store.SetRolloutPolicy(context.Background(), store.RolloutPolicy{Strategy: name, Revision: set.Revision + 1, Text: text, Changed: time.Now().UTC()}))
}

// TestAMaskThatComesBeforeANoteHoldsAfterACrash: the record was written under fewer masks.
func TestAMaskThatComesBeforeANoteHoldsAfterACrash(t *testing.T) {
	for _, ended := range []bool{false, true} {
		t.Run(fmt.Sprintf("ended %t", ended), func(t *testing.T) {
			w, s := naming(t)
			if ended {
				_, err := w.stopped(false)
				must(t, err)
			}
			w.close()
			w.openStore()
			w.policyInStore()
			must(t, w.store.Close())
			w.restarted(s)
			report := w.report()
			if shown := everything(t, report); strings.Contains(shown, person) || report.Answers[0].Different == 0 || len(report.Answers[0].Places) == 0 {
				t.Errorf("%+v", report.Answers)
			}
			if ended && !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.Contains(n, "before a mask was added") }) {
				t.Errorf("it does not say why: %q", report.Notes)
			}
			if !ended {
				eventually(t, "a note that names nobody", func() bool { return !strings.Contains(w.wholeRecord(), person) })
			}
		})
	}
}

// TestAnEndedExperimentObeysMasksOfToday.
func TestAnEndedExperimentObeysMasksOfToday(t *testing.T) {
	w, _ := naming(t)
	_, err := w.stopped(false)
	must(t, err)
	if !strings.Contains(everything(t, w.report()), person) {
		t.Fatal("nobody is named")
	}
	w.masksPerson()
	if strings.Contains(everything(t, w.report()), person) {
		t.Error("the report names whom a mask hides")
	}
}

// TestWhatASplitExperimentKeepsNamesNobody: it has no examples, and its checkpoint has
// numbers.
func TestWhatASplitExperimentKeepsNamesNobody(t *testing.T) {
	w, _ := actors(t, 50)
	w.experiment(endless(nil))
	for i := range 400 {
		in := personal()
		in["amount"], in["customer"] = differing(i), person+fmt.Sprint(i)
		_, _ = w.rt.Execute(context.Background(), name, in)
	}
	w.counts(50)
	_, err := w.stopped(false)
	must(t, err)
	if strings.Contains(everything(t, w.report()), person) || strings.Contains(w.wholeRecord(), person) {
		t.Error("an experiment without examples names the person")
	}
}
