package nativeplugin

import (
	"os"
	"syscall"
	"time"
)

// changed is when the content or the attributes of a file changed last.
func changed(info os.FileInfo) time.Time {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}
	}
	return time.Unix(st.Ctim.Unix())
}
