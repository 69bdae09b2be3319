package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/swapline/swapline/runtime/compare"
	comparepage "github.com/swapline/swapline/runtime/compare/page"
)

// reportFile is a file that a report is written to, in the form that its name
// ends with.
type reportFile struct {
	path   string
	format string // as a server calls it
	draw   func(io.Writer, *compare.Report) error
}

// reportFiles refuses, before anything is measured, what could not be written
// after it.
func reportFiles(paths []string) (list []reportFile, err error) {
	for _, path := range paths {
		f := reportFile{path: path}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".html", ".htm":
			f.format, f.draw = "html", comparepage.HTML
		case ".md":
			f.format, f.draw = "markdown", comparepage.Markdown
		case ".json":
			f.format, f.draw = "json", jsonReport
		default:
			return nil, usageError{fmt.Errorf("%s: a report's name ends in .html, .md or .json", path)}
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return nil, usageError{fmt.Errorf("the report %s cannot be written: there is no folder %s", path, filepath.Dir(path))}
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil, usageError{fmt.Errorf("the report %s cannot be written: this is a folder", path)}
		}
		list = append(list, f)
	}
	return list, nil
}

// write replaces the file: half a report is worse than an old one.
func (f reportFile) write(r *compare.Report) error {
	var b bytes.Buffer
	if err := f.draw(&b, r); err != nil {
		return fmt.Errorf("report %s: %w", f.path, err)
	}
	return writePublic(f.path, b.Bytes())
}

func jsonReport(w io.Writer, r *compare.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}
