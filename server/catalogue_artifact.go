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

// quarantineEntries are what a plugin did in the throw-away process, before the
// host opened it.
func quarantineEntries() []Entry {
	return []Entry{
		{problem.QuarantineInitPanic, 422, "Panic at the start", "A package of the plugin panicked while it was initialised. `detail` has the panic."},
		{problem.QuarantineClash, 422, "Registered already", "The plugin registers a flag, an expvar variable, an HTTP pattern or the like that the host or another version of the strategy has registered: a process allows that once."},
		{problem.QuarantineGoroutinePanic, 422, "Panic in a goroutine", "A goroutine that the plugin started panicked. In the host nothing would recover it. `detail` has the panic and where."},
		{problem.QuarantineCrash, 422, "Crashed the process", "The plugin caused a fatal error of the Go runtime, or a signal ended the process. `detail` has the first lines of the report."},
		{problem.QuarantineExit, 422, "Ended the process", "The plugin called os.Exit or log.Fatal, or started another program in place of its process."},
		{problem.QuarantineGoexit, 422, "Ended its goroutine", "The plugin ended the goroutine that called it, with runtime.Goexit."},
		{problem.QuarantineHang, 422, "Did not come back", "The plugin's start, constructor, Validate or a golden case did not return in its time."},
		{problem.QuarantineMemory, 422, "Took all memory", "The plugin needed more memory than the throw-away process may have."},
		{problem.QuarantineChanged, 422, "Changed the process", "The plugin changed what all strategies of the process share: working directory, environment, limits, signals, settings of the Go runtime, variables of the standard library. `detail` says what, `expected` how it was."},
		{problem.QuarantineLeftovers, 422, "Left too much behind", "The plugin left processes, or too many goroutines or open files, before it served anything. `detail` says where goroutines were started."},
		{problem.QuarantineOutput, 422, "Wrote too much", "The plugin wrote more to the standard streams than a strategy should that nobody has called. Log through the host."},
		{problem.QuarantineForged, 422, "Forged a verdict", "The plugin wrote to the descriptor on which the throw-away process answers."},
	}
}

func validationEntries() []Entry {
	return []Entry{
		{problem.ConstructorFailed, 422, "Constructor failed", "The strategy refused to be made, often because of its config. `detail` has its reason."},
		{problem.ABIVersionMismatch, 422, "Other contract version", "The release speaks another version of the contract than this host."},
		{problem.MethodSetMismatch, 422, "Method set differs", "What the loaded code implements is not what the manifest says."},
		{problem.BaselineMismatch, 409, "Baseline mismatch", "The release has other methods, or methods of another type, than the strategy's releases so far. If that is meant, upload it with new_baseline=true."},
		{problem.ConfigSchema, 422, "Config breaks its schema", "The manifest's config does not satisfy its own schema. `pointer` names the value."},
		{problem.ValidateFailed, 422, "Validate refused", "The strategy's own Validate said no. `detail` has its reason."},
		{problem.GoldenCaseFailed, 422, "Golden case failed", "The release does not give the answer that it was signed with. `expected` and `found` differ."},
	}
}

func rebindEntries() []Entry {
	return []Entry{
		{problem.RebindMalformed, 422, "Not a point", "What the release exposes or supplies was not made with abi.NewPoint and abi.Bind, asking for it failed, or the release runs in a process of its own. See docs/rebinding.md."},
		{problem.RebindName, 422, "Name of a point", "A strategy's points are called after it: its name, a dot and one word."},
		{problem.RebindDuplicate, 422, "Point named twice", "The release exposes or binds one name twice."},
		{problem.RebindNil, 422, "Nil function", "A function or interface that the release exposes or supplies is nil."},
		{problem.RebindUndeclared, 409, "No such point", "The release binds a name that no served release and not the host exposes. Deploy the release that exposes it first."},
		{problem.RebindTypeMismatch, 422, "Value of another type", "The value that the release supplies is not of the point's very type. `expected` and `found` spell both with the paths of their packages."},
		{problem.RebindConflict, 409, "Point is taken", "Another strategy's release has bound the point, or another host in the same process has it."},
		{problem.RebindInUse, 409, "Point is in use", "Others have bound a point that the release would take away or give another type. Roll them back first."},
	}
}
