package server

import "github.com/swapline/swapline/runtime/problem"

func artifactEntries() []Entry {
	return []Entry{
		{problem.DigestMismatch, 422, "Artifact is not the signed one", "The artifact's digest differs from the manifest's. Upload the file that was signed."},
		{problem.SizeMismatch, 422, "Artifact size differs", "The artifact's size differs from the manifest's. The upload may have been cut."},
		{problem.KindUnknown, 422, "Unknown kind", "This host has no driver for the release's kind."},
		{problem.KindMismatch, 422, "Artifact of another kind", "The artifact is not what the manifest's kind says."},
		{problem.EngineUnknown, 422, "Unknown engine", "This host does not have the engine that the manifest asks for."},
		{problem.EngineDenied, 422, "Engine not allowed", "The operator's trust policy does not allow the engine that the manifest names."},
		{problem.CapabilityDenied, 422, "Capability denied", "The release uses a capability that its manifest does not ask for, or asks for one that the operator's trust policy does not allow. See docs/capabilities.md."},
	}
}

func wasmEntries() []Entry {
	return []Entry{
		{problem.WasmMalformed, 422, "Not a valid module", "The artifact is not a well-formed WebAssembly module; it may be truncated."},
		{problem.WasmTooLarge, 422, "Module exceeds a limit", "The module has more of something than the host accepts. `expected` is the limit."},
		{problem.WasmExportMissing, 422, "Export missing", "The module lacks a function of the calling convention. Build it with an SDK."},
		{problem.WasmExportType, 422, "Export of another type", "A function of the calling convention has another signature."},
		{problem.WasmImportUnknown, 422, "Unknown import", "The module imports something that the host does not offer."},
		{problem.WasmCompile, 422, "Module does not compile", "The engine refused the module."},
		{problem.WasmCompileLimit, 422, "Compiling takes too much", "Compiling the module takes more processor time, time, memory or machine code than the host gives. The message says which, `expected` is the limit."},
		{problem.WasmStart, 422, "Module does not start", "The module's start-up code failed or did not end."},
	}
}

func nativeEntries() []Entry {
	return []Entry{
		{problem.NativeMalformed, 422, "Not a plugin", "The artifact is not a Go plugin for this system; it may be truncated."},
		{problem.NativeToolchain, 422, "Other toolchain", "The plugin was built with another Go version or other flags. Build it with this host's `swapline build`."},
		{problem.NativeDependency, 422, "Other dependency", "A package that plugin and host share differs. Build it with this host's `swapline build`."},
		{problem.NativeLayout, 422, "Other memory layout", "A variable that plugin and host share has another size. Build it against the host's versions."},
		{problem.NativeConflict, 409, "Already loaded", "Another plugin with the same import path is loaded. `swapline build` gives every release its own path."},
		{problem.NativeProbe, 422, "Probe failed", "The plugin failed in the throw-away process. `found` has its last words."},
		{problem.NativeOpen, 422, "Plugin does not open", "The plugin could not be opened."},
		{problem.NativeSymbol, 422, "Constructor missing", "The plugin does not export NewStrategy."},
		{problem.NativeSymbolType, 422, "Constructor of another type", "NewStrategy must be exactly func(abi.Host) (abi.Strategy, error)."},
		{problem.NativeBudget, 503, "No room for plugins", "The limit of loaded plugins is reached; plugins cannot be unloaded. Restart the server."},
		{problem.NativeDegraded, 503, "Restart needed", "A failed open left the process unfit for further plugins. What runs is fine; restart before the next deploy."},
	}
}

func validationEntries() []Entry {
	return []Entry{
		{problem.ConstructorFailed, 422, "Constructor failed", "The strategy refused to be made, often because of its config. `detail` has its reason."},
		{problem.ABIVersionMismatch, 422, "Other contract version", "The release speaks another version of the contract than this host."},
		{problem.MethodSetMismatch, 422, "Method set differs", "What the loaded code implements is not what the manifest says."},
		{problem.MethodSetShrunk, 409, "Method set shrunk", "The release lacks a method that the strategy has served so far."},
		{problem.ConfigSchema, 422, "Config breaks its schema", "The manifest's config does not satisfy its own schema. `pointer` names the value."},
		{problem.ValidateFailed, 422, "Validate refused", "The strategy's own Validate said no. `detail` has its reason."},
		{problem.GoldenCaseFailed, 422, "Golden case failed", "The release does not give the answer that it was signed with. `expected` and `found` differ."},
	}
}
