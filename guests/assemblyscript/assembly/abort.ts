// Where the compiler sends `throw`, failed checks and a full memory. There is
// no way back from it: the words go to the guest's standard error, which the
// host logs, and the call ends in a trap.

@external("wasi_snapshot_preview1", "fd_write")
declare function fdWrite(fd: i32, parts: usize, count: i32, written: usize): i32;

const parts = memory.data(12);

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const text = String.UTF8.encode(
    "abort: " + (message ? message : "") + " at " + (file ? file : "?") + ":" + line.toString() + ":" + column.toString() + "\n");
  store<u32>(parts, changetype<u32>(text));
  store<u32>(parts, text.byteLength, 4);
  fdWrite(2, parts, 1, parts + 8);
  unreachable();
}
