// Package c is the SDK for strategies written in C: the folder sdk holds one
// header, swapline.h, which describes itself, and the sources behind it.
// `swapline build FOLDER` compiles them together with the strategy, so an author
// needs this program and a compiler, and no copy of the SDK.
package c

import (
	"embed"
	"io/fs"
)

//go:embed sdk
var sdk embed.FS

// SDK returns the files of the SDK: swapline.h and the sources.
func SDK() (fs.FS, error) { return fs.Sub(sdk, "sdk") }
