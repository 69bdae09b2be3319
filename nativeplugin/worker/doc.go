// Package worker runs a Go strategy in a process of its own: the same program,
// started with arguments that make it call [Main]. It serves many calls at a time
// over shared memory. What the strategy does to its process, to crash it, to take
// all memory, never to return, is done to the calls of that process and to nothing
// else.
//
// The package knows nothing of plugins. The program hands Main a function that
// makes the constructor of a release:
//
//	os.Exit(worker.Main(func(a worker.Artifact) (abi.Constructor, error) { ... }))
//
// and its host side loads releases:
//
//	in, err := worker.Load(ctx, worker.Config{Argv: []string{self, "worker"}}, spec)
//	out, err := in.Execute(ctx, map[string]any{"amount": int64(1250)})
//
// # Memory
//
// Host and worker share one file in memory, sealed so that nobody can shrink it.
// Its first page is laid out like [front]; then come the slots for calls (limits.
// concurrency of the manifest, or 256, and 16 more), then 64 slots for what the
// strategy asks its host. A slot has 64 KiB: a header of 64 bytes and room for a
// part of a message. All numbers have the machine's byte order, since both
// processes are one program.
//
//	header    turn    u32   0 at rest, 1 of who answers, 2 of who asks
//	          waiter  u32   how who asks waits: 0 looks, 1 sleeps at turn, 2 parked
//	          kind    u32   of the message; 0x10000 on top: another part follows
//	          length  u32   of the part
//	          id      u64   of the question: a number that rises * 1024 + the slot
//	          arg     i64   of calls: nanoseconds that are left, 0 for no deadline;
//	                        of others: the id of the call that they are about
//	          now     i64   the host's clock in nanoseconds since 1970, 0 if the
//	                        strategy may not know it
//
// Who asks writes the question, gives the turn away, raises the slot's flag in the
// bitmap "asked" and rings the other process's bell, which is a futex. Who answers
// writes the answer over the question and gives the turn back; it wakes who asked
// at the turn, or, if that one is parked, by the bitmap "answered" and the bell of
// its process. A message that is longer than the room crosses in parts, each one
// asked for with a message of kind next. The longest is 8 MiB and 64 KiB.
//
//	question   body                                     answer
//	construct  JSON, see question                       {"methods": [...], "signatures": [...]}
//	execute    the input                                the answer
//	timed      the input                                the answer, with the nanoseconds that
//	                                                    the strategy took as arg, and those of
//	                                                    decoding and encoding as now
//	validate                                            nothing
//	used                                                after a garbage collection: allocations
//	                                                    since the start as arg, their bytes as now
//	cancel     (arg: the call)                          nothing
//	log        [level, message, fields]                 nothing; from the worker, as are
//	emit       a request of the calling convention      its reply; see abi/wasm.go
//	state, http   the same                              the same
//
// Answers are of kind OK, or, from a strategy, rejected {"code", "message",
// "details"} or fault {"code", "message", "stack"}. Bodies are values of package
// abi/wire unless said otherwise.
//
// The host takes everything from a worker for hostile: every field is read once
// and then checked, a body is copied before it is looked at, lengths are bounded,
// and a worker that writes what this package never writes is killed. Of what it
// shares a worker can spoil its own calls and nothing else.
//
// # Waiting
//
// A question is answered on the goroutine that its bell woke; another one always
// waits for the next, so that a slow call delays nobody. While as many are at work
// as there are processors questions wake nobody: who is through takes the next
// one, and somebody looks every half millisecond in case none is. Who asks looks
// for up to 12 microseconds if that was worth it lately, with more than one
// processor; then, unless there is a crowd, one of them sleeps at its slot for up
// to 100 microseconds; then it is parked and holds no thread. Nobody looks while nothing is under way: an
// idle worker uses no processor time.
//
// # Calls of the host
//
// The strategy's [abi.Host] asks the host in slots of its own, with the id of the
// call whose context it was given: state, events and requests take effect at the
// end of that call as for a strategy in the host's process. Log waits until the
// line is written. Now is the clock that the last question brought, and what has
// passed since; it costs no question. What a strategy shares with others in one
// process, rebindable points for example, it does not have here.
//
// # Deadlines and runaway calls
//
// The worker's context has the caller's deadline, and ends when the caller goes
// away. The caller has its answer at the deadline whatever the strategy does. A
// call that goes on is counted as abandoned; after Config.Patience, 10 seconds, or
// when there are 16, another process is started, takes the calls that come, and
// the one with the runaway call is killed when the calls that somebody waits for
// are through, after another Patience at the latest.
//
// # Crashes
//
// When a worker ends, by exit, signal, fatal error or for want of memory, the calls
// that are in flight there fail at once with fault_crashed; the message has the
// exit status and the first six lines of the Go runtime's report, 1 KiB of them.
// Another process is started after 100 ms, and after twice as long each time that
// one does not live for a minute, up to 10 s; plus or minus a fifth, by chance.
// Calls that come meanwhile wait if the start is due before their deadline, and
// else fail at once with fault_worker_down. After the eighth end in a row, some 13
// seconds after the first if each crashes at once, no other is started: calls fail
// with the reason. A call that never began moves to the next process.
//
// # Confinement
//
// A worker has no open files but its standard streams, the memory and a pipe that
// tells it when its host is gone; the environment is what [Config] lists. On top of
// what it starts with it may use limits.memory_bytes of the manifest: the collector
// works harder from nine tenths on, and the allocation that exceeds it ends the
// process. It is in a process group and, where the kernel allows, in namespaces of
// users, processes and IPC of its own, so that everything it started ends with it,
// and it is killed when its host ends. It keeps network and files: those of a
// strategy in the host's process. This is protection from accidents; code that is
// not trusted belongs into Wasm.
package worker
