//go:build unix

package wazeroengine

import (
	"io/fs"
	"os"
	"syscall"
)

// owned reports whether the file is this user's own.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(st.Uid) == int64(os.Geteuid())
}
