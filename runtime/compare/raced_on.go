//go:build race

package compare

// raced says that the program was built with the race detector.
const raced = true
