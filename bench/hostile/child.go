package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
)

// report is one line from a child: it is ready, or has judged a case, or both
// did not happen.
type report struct {
	Ready    bool                      `json:"ready,omitempty"`
	Verdict  *verdict                  `json:"verdict,omitempty"`
	Controls map[string]controlVerdict `json:"controls,omitempty"`
	Error    string                    `json:"error,omitempty"`
}

// controlVerdict is the spread of a control's recent windows in milliseconds.
type controlVerdict struct {
	BestP99MS  float64 `json:"best_p99_ms"`
	WorstP99MS float64 `json:"worst_p99_ms"`
	StallMS    float64 `json:"stall_ms"`
}

// calibrateEvery is the number of cases between windows of the controls.
const calibrateEvery = 15

// runChild opens a stage, judges the cases whose names it reads, a line each, and
// answers each with a line. At the end of its input it tells about its controls.
func runChild(args []string, in io.Reader, out, stderr io.Writer) int {
	f := flag.NewFlagSet(childArgument, flag.ContinueOnError)
	f.SetOutput(stderr)
	engineName := f.String("engine", "", "engine")
	guests := f.String("guests", "", "folder of guests")
	if err := f.Parse(args); err != nil {
		return 2
	}
	answers := json.NewEncoder(out)
	err := serve(*engineName, *guests, in, answers)
	if err != nil {
		_ = answers.Encode(report{Error: err.Error()})
		return 1
	}
	return 0
}

func serve(engineName, guests string, in io.Reader, answers *json.Encoder) (err error) {
	s, err := openStage(engineName, guests)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := answers.Encode(report{Ready: true}); err != nil {
		return err
	}
	cases := attacks()
	names := bufio.NewScanner(in)
	for n := 1; names.Scan(); n++ {
		i := slices.IndexFunc(cases, func(a attack) bool { return a.name == names.Text() })
		if i < 0 {
			return fmt.Errorf("there is no case %q", names.Text())
		}
		v := s.judge(cases[i])
		if err := answers.Encode(report{Verdict: &v}); err != nil {
			return err
		}
		if n%calibrateEvery == 0 {
			if err := s.calibrate(); err != nil {
				return err
			}
		}
	}
	return answers.Encode(report{Controls: s.controls.verdicts()})
}

func (c *controls) verdicts() map[string]controlVerdict {
	vs := map[string]controlVerdict{}
	for name, r := range c.felt {
		list := r.p99s()
		stall := slices.MaxFunc(r[:], func(a, b feeling) int { return cmp.Compare(a.stall, b.stall) }).stall
		vs[name] = controlVerdict{ms(list[0]), ms(list[len(list)-1]), ms(stall)}
	}
	return vs
}
