//go:build !wasip1

package guest

import "github.com/swapline/swapline/abi"

// Register names the constructor of the strategy that this program is. Only
// wasip1 builds take notice.
func Register(abi.Constructor) Registration { return Registration{} }
