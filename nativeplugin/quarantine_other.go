//go:build !linux

package nativeplugin

// watch is for systems whose plugins can be opened.
type watch struct{}

func watchSignals() watch { return watch{} }

func (*trial) raise() error { return nil }

func systemFacts(map[string]string) {}

func openDescriptors() map[string]string { return nil }

func memoryOfProcess() (now, most int64) { return 0, 0 }
