package nativeplugin

import (
	"context"

	"github.com/swapline/swapline/abi"
	"github.com/swapline/swapline/runtime/driver"
	"github.com/swapline/swapline/runtime/problem"
)

// instance is one strategy made by an open plugin.
type instance struct {
	spec     driver.Spec
	strategy abi.Strategy
	calls    driver.Calls
	examined *driver.Finding // nil if the plugin was open already
	starts   driver.Starts
}

// ABIVersion is the host's own: plugin and host share the contract package,
// and the pre-flight made sure that it is the same.
func (i *instance) ABIVersion() int { return abi.Version }

func (i *instance) Methods() []string { return driver.MethodsOf(i.strategy) }

// Signatures implements driver.Signed.
func (i *instance) Signatures() []string { return driver.GoSignatures(i.strategy) }

func (i *instance) Execute(ctx context.Context, in map[string]any) (map[string]any, error) {
	return i.calls.Execute(ctx, i.strategy, in)
}

func (i *instance) Validate(ctx context.Context) error {
	v, ok := i.strategy.(abi.Validator)
	if !ok {
		return nil
	}
	return i.calls.Validate(ctx, v)
}

// Function implements driver.Named.
func (i *instance) Function() string { return driver.FunctionOf(i.strategy) }

// Cooperative implements driver.Cooperative.
func (i *instance) Cooperative() bool { return i.calls.Cooperative() }

// Stats counts the file's size as memory: the code stays mapped.
func (i *instance) Stats() driver.Stats {
	return driver.Stats{Instances: 1, MemoryBytes: i.spec.Manifest.Artifact.Size, Abandoned: i.calls.Abandoned()}
}

// Close lets go of the strategy; the plugin itself stays.
func (i *instance) Close(context.Context) error {
	i.calls.Close()
	if n := i.calls.Abandoned(); n > 0 {
		return problem.New(problem.FaultDeadline, "%d calls of %s %s never returned and keep its memory",
			n, i.spec.Manifest.Name, i.spec.Manifest.Version).Cure("restart the host when convenient")
	}
	return nil
}

var (
	_ driver.Instance = (*instance)(nil)
	_ driver.Reporter = (*instance)(nil)
	_ driver.Signed   = (*instance)(nil)
)
