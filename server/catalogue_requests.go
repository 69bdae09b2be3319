package server

import "github.com/swapline/swapline/runtime/problem"

func bodyEntries() []Entry {
	return []Entry{
		{problem.BadRequest, 400, "Bad request", "A parameter, header or part of the request cannot be understood. `detail`, `expected` and `found` say which."},
		{problem.BadJSON, 400, "Not JSON", "The body is not one JSON object in UTF-8. Nothing may follow the object."},
		{problem.DuplicateKey, 400, "Duplicate key", "An object gives a key twice. Give it once: nobody can know which of the two was meant."},
		{problem.ValueTooDeep, 400, "Nested too deeply", "Lists and objects are nested deeper than 64 levels."},
		{problem.ValueTooLarge, 400, "Value too large", "A string is too long or there are too many values."},
		{problem.IntegerRange, 400, "Integer out of range", "An integer does not fit into 64 bits with sign. Swapline never rounds: send it as a string."},
		{problem.ValueDomain, 400, "Value not allowed", "A value is outside of what strategies exchange: null, truth values, 64-bit integers, finite floats, strings, bytes, lists and objects."},
		{problem.BodyTooLarge, 413, "Too large", "The body, the envelope or the artifact is larger than the server accepts. `expected` is the limit."},
		{problem.RequestTimeout, 408, "Too slow", "The request did not arrive in time."},
		{problem.MediaType, 415, "Wrong media type", "Send `Content-Type: application/json` (an upload: `multipart/form-data`) and no `Content-Encoding`."},
	}
}

func accessEntries() []Entry {
	return []Entry{
		{problem.Unauthenticated, 401, "No valid token", "Send `Authorization: Bearer TOKEN`. The token is the file `token` of the server's data folder, or what the operator set."},
		{problem.NotFound, 404, "Nothing here", "No operation has this path. `GET /openapi.yaml` lists all."},
		{problem.MethodNotAllowed, 405, "Method not possible", "The path exists, the method does not. The header `Allow` lists the possible ones."},
		{problem.NotAcceptable, 406, "No such form", "The answer does not come in any media type that `Accept` names. `expected` lists those that there are."},
		{problem.UnknownStrategy, 404, "Unknown strategy", "No strategy has this name. `swapline list` shows the names."},
		{problem.UnknownRelease, 404, "Unknown release", "The strategy has no such release. `swapline list STRATEGY` shows them."},
		{problem.Overloaded, 503, "Overloaded", "The release's limit of calls at the same time, or the host's of uploads or of comparisons that are being sent, is reached. Try again after `Retry-After`."},
		{problem.ShuttingDown, 503, "Shutting down", "The server is stopping. Ask another instance."},
		{problem.HostRenewing, 503, "Being renewed", "The host replaces its process and takes no changes for a moment; executions go on. Try again after `Retry-After`."},
		{problem.RenewalBusy, 409, "Renewal has to wait", "The host cannot be renewed at this moment: another renewal, a change or the end of the process before is under way. `detail` says what. Try again soon."},
		{problem.Canceled, 499, "Caller went away", "The caller ended the request before the answer. It is nobody's fault and counts for no release."},
	}
}

func conflictEntries() []Entry {
	return []Entry{
		{problem.AmbiguousRelease, 409, "Ambiguous release", "The reference names several releases. Use the digest."},
		{problem.NoActiveRelease, 409, "No active release", "The strategy has accepted releases but serves none. `swapline switch` one in."},
		{problem.NothingToRollBack, 409, "Nothing to roll back to", "No release was active before this one."},
		{problem.StateConflict, 409, "State changed meanwhile", "What the call read of the strategy's state was changed by another call. Nothing was stored and no event sent: send the request again."},
		{problem.StateFull, 409, "State is full", "The call would have made the strategy's state larger than the host allows. Nothing was stored. The strategy must delete what it no longer needs."},
		{problem.IfMatchRequired, 428, "Precondition required", "A change needs `If-Match` with the ETag of what it changes: the strategy, the rollout, the experiment or the rollout policy; or `If-None-Match: *` for a first release or policy."},
		{problem.StaleGeneration, 412, "Changed meanwhile", "Somebody changed the strategy after you looked. The answer's ETag is the current one: look, then repeat."},
	}
}

func executionEntries() []Entry {
	return []Entry{
		{problem.FaultPanic, 502, "The strategy panicked", "The release's code panicked. The server's log has the stack. Consider `swapline rollback`."},
		{problem.FaultTrap, 502, "The strategy trapped", "The release's code ended with a trap. The server's log has the reason. Consider `swapline rollback`."},
		{problem.FaultDeadline, 504, "The strategy was too slow", "The call did not end within the release's time limit."},
		{problem.FaultMemory, 502, "The strategy ran out of memory", "The call needed more memory than the release's limit."},
		{problem.FaultFuel, 502, "The strategy used up its instructions", "The call needed more instructions than `limits.instructions` of the release's manifest."},
		{problem.FaultDepth, 502, "The strategy recursed too deeply", "Functions of the release called each other more deeply than `limits.call_depth` of its manifest allows."},
		{problem.FaultOutput, 502, "The strategy's answer is too large", "The encoded answer is larger than `limits.output_bytes` of the release's manifest."},
		{problem.FaultHost, 502, "The strategy called the host too often", "The call used more host functions than `limits.host_calls` of the release's manifest."},
		{problem.FaultCrashed, 502, "The strategy's process ended", "The worker process that served the call ended before the answer: it crashed, exited or was killed. The server's log has the beginning of its report. It is started again by itself."},
		{problem.FaultWorker, 503, "The strategy's process is not running", "The worker process ended and is started again later than this call could wait, or it ended so often that it stays down. Consider `swapline rollback`."},
		{problem.BreakerOpen, 503, "Breaker is open", "The release that serves fails too often, or is too slow, so it gets only probes for a while, and the policy names no other answer. Try again after `Retry-After`."},
		{problem.FaultABI, 502, "The strategy broke the calling convention", "The release's answer is malformed or outside of the value domain. Its build or SDK is wrong."},
	}
}

func storeEntries() []Entry {
	return []Entry{
		{problem.StoreFailed, 500, "Store failed", "Reading or writing the data folder failed, for example because the disk is full. Nothing was changed."},
		{problem.StoreCorrupt, 500, "Store damaged", "What is stored does not have the digest that it should have. Restore the data folder."},
		{problem.StoreLocked, 503, "Store in use", "Another process uses the same data folder."},
		{problem.RenewalFailed, 500, "Renewal failed", "The process that should have taken over did not become ready, so the one before goes on as it was. `detail` says why."},
		{problem.ArtifactMissing, 500, "Artifact missing", "The release's bytes are not in the store. Upload the release again."},
		{problem.BuildFailed, 500, "Build failed", "The strategy's sources do not build. Only the command line reports this."},
		{problem.Internal, 500, "Internal error", "A mistake in Swapline. The server's log has the details under the request id; please report it."},
	}
}
