package page

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/swapline/swapline/runtime/compare"
)

// What a text for a pull request holds of each list, so that it stays under 60 lines.
const (
	tellArms   = 3  // all of whose metrics are told
	tellRows   = 8  // of metrics, in front of the fold
	tellBehind = 12 // and behind it, where lines are left
	tellLines  = 60 // in all
	tellAfter  = 11 // of details, besides rows
	tellPlaces = 4
	tellChecks = 4
)

// Markdown writes the text for a pull request: at most 60 lines of GitHub's
// Markdown, the verdict first, health only where it is not green.
func Markdown(w io.Writer, r *compare.Report) error {
	s := newSheet(r)
	var m script
	m.line("### " + plain(s.Title))
	m.line("")
	if s.Partial != "" {
		m.line("> ⚠️ **PARTIAL**: " + plain(s.Partial))
		m.line("")
	}
	m.verdicts(s)
	m.health(s)
	m.metrics(s)
	m.answers(s)
	m.details(s)
	_, err := io.WriteString(w, m.String())
	return err
}

// script is the text so far.
type script struct{ strings.Builder }

func (m *script) line(s string) { m.WriteString(s + "\n") }

func (m *script) verdicts(s *sheet) {
	for _, v := range s.Verdicts {
		line := fmt.Sprintf("- %s **%s %s**", badge(v.Word), plain(v.Arm), v.Word)
		if v.Sentence != "" {
			line += ": " + plain(v.Sentence)
		}
		if v.Blocked != "" {
			line += " Blocked by the check “" + plain(v.Blocked) + "”."
		}
		if v.Next != "" {
			line += " _Next:_ " + plain(v.Next)
		}
		m.line(line)
	}
	if len(s.Verdicts) == 0 {
		m.line("This report has no verdict.")
	}
	m.line("")
}

// badge is a sign that Markdown can show; the word stands beside it.
func badge(word string) string {
	switch compare.Word(word) {
	case compare.Better:
		return "🟢"
	case compare.Worse:
		return "🔴"
	case compare.Equivalent:
		return "🔵"
	}
	return "⚪"
}

func (m *script) health(s *sheet) {
	if s.AllGreen {
		return
	}
	told := 0
	for _, c := range s.Health {
		if c.Light == string(compare.Green) {
			break
		}
		if told++; told > tellChecks {
			m.line("- and more checks that are not green: see the report")
			break
		}
		sign := "🟡"
		if c.Light == string(compare.Red) {
			sign = "🟥"
		}
		m.line(fmt.Sprintf("- %s %s, %s: %s", sign, plain(c.Name), c.Light, plain(c.Text)))
	}
	m.line("")
}

// metrics tells those that are judged and those in front of the list.
func (m *script) metrics(s *sheet) {
	if len(s.Tables) == 0 {
		return
	}
	tables, more := first(s.Tables, tellArms)
	m.header(tables)
	for _, name := range names(tables, 0, tellRows) {
		m.row(tables, name)
	}
	if more > 0 {
		m.line("")
		m.line(fmt.Sprintf("%d more arms are in the report.", more))
	}
	m.line("")
	m.line("Ratios to " + plain(tables[0].Reference) + " with intervals; ~ is unclear.")
	m.line("")
}

func (m *script) header(tables []table) {
	head, rule := "| metric | "+plain(tables[0].Reference)+" |", "| --- | ---: |"
	for _, t := range tables {
		head += " " + plain(t.Arm) + " |"
		rule += " ---: |"
	}
	m.line(head)
	m.line(rule)
}

// names are labels of metrics, those that are judged in front.
func names(tables []table, from, most int) []string {
	var out []string
	for _, primary := range []bool{true, false} {
		for _, t := range tables {
			for _, r := range t.Rows {
				if r.Primary == primary && !slices.Contains(out, r.Label) {
					out = append(out, r.Label)
				}
			}
		}
	}
	out = out[min(from, len(out)):]
	return out[:min(most, len(out))]
}

func (m *script) row(tables []table, name string) {
	line, reference := "", ""
	for _, t := range tables {
		i := slices.IndexFunc(t.Rows, func(r row) bool { return r.Label == name })
		if i < 0 {
			line += " |"
			continue
		}
		r := t.Rows[i]
		reference = cmp.Or(reference, r.Reference)
		said := inLine(r.Change + " " + r.Range)
		if !r.Clear {
			said = "~ " + said
		}
		if r.Primary {
			said = "**" + said + "**"
		}
		line += " " + r.Value + ", " + said + " |"
	}
	m.line("| " + plain(name) + " | " + reference + " |" + line)
}

func (m *script) answers(s *sheet) {
	list, _ := first(s.Answers, tellArms)
	for _, a := range list {
		m.line(fmt.Sprintf("- Answers of %s: **%s** of %s differ", plain(a.Arm), a.Different, a.Compared))
		places, _ := first(a.Places, tellPlaces)
		for _, p := range places {
			m.line(fmt.Sprintf("  - %s in %s: %s against %s", quoted(p.Pointer), p.Count, quoted(p.Reference), quoted(p.Value)))
		}
	}
	if len(list) > 0 {
		m.line("")
	}
}

func (m *script) details(s *sheet) {
	told := strings.Count(m.String(), "\n")
	m.line("<details><summary>How this was measured</summary>")
	m.line("")
	tables, _ := first(s.Tables, tellArms)
	if list := names(tables, tellRows, max(0, min(tellBehind, tellLines-tellAfter-told))); len(list) > 0 {
		m.header(tables)
		for _, name := range list {
			m.row(tables, name)
		}
		m.line("")
	}
	if s.Command != "" {
		m.line("    " + inLine(s.Command))
		if s.PlanFile && s.Plan != "" {
			m.line("    # plan.json: " + inLine(s.Plan))
		}
		m.line("")
	}
	var said []string
	for _, f := range s.Facts {
		said = append(said, f.Name+" "+f.Value)
	}
	if s.PlanHash != "" {
		said = append(said, "plan SHA-256 "+s.PlanHash)
	}
	m.line(plain(strings.Join(said, ", ")))
	m.line("")
	m.line("</details>")
}

// apart keeps what looks like a link, a mention or a reference from becoming one:
// those are made of the text that is shown, so escaping does not prevent them.
func apart(s string) string {
	const gap = "\u200b"
	return strings.NewReplacer("://", ":"+gap+"//", "www.", "www"+gap+".", "@", "@"+gap, "#", "#"+gap).Replace(s)
}

// plain escapes all that Markdown, or HTML within it, could take for markup.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case strings.ContainsRune("\\`*_[]|~$", r):
			b.WriteString("\\" + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return apart(b.String())
}

// quoted is a piece of code within a line.
func quoted(s string) string { return "`" + strings.ReplaceAll(inLine(s), "`", "'") + "`" }

// inLine is text that breaks no line.
func inLine(s string) string { return strings.Join(strings.Fields(s), " ") }
