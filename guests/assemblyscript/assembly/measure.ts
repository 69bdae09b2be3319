// Reads and writes everything once, for who measures what that takes.

import { Kind, Value } from "./value";
import { DEPTH, Writer } from "./writer";

/** Reads the values inside of v, each once, and returns their number. Writes them, if there is where to. */
export function visit(v: Value, to: Writer | null, depth: i32 = 0): i32 {
  if (depth == DEPTH) return 0;
  const map = v.isMap, n = v.length;
  let count = 0;
  for (let i = 0, e = v.first; i < n; i++, count++, e = e.next) {
    if (map) {
      if (!e.isText) break;
      if (to) to.keyOf(e); // a strategy has its keys as constants: no text is made of them
      e = e.next;
    }
    if (e.isList || e.isMap) {
      if (to) {
        if (e.isList) to.list();
        else to.map();
      }
      count += visit(e, to, depth + 1);
      if (to) to.end();
    } else one(e, to);
  }
  return count;
}

/** Reads what is neither list nor map. */
function one(v: Value, to: Writer | null): void {
  switch (v.kind) {
    case Kind.Null:
      if (to) to.null();
      break;
    case Kind.Bool: {
      const b = v.bool();
      if (to) to.bool(b);
      break;
    }
    case Kind.Int: {
      const n = v.int();
      if (to) to.int(n);
      break;
    }
    case Kind.Float: {
      const f = v.float();
      if (to) to.float(f);
      break;
    }
    case Kind.Text: {
      const s = v.text();
      if (to) to.text(s);
      break;
    }
    default: {
      const b = v.bytes();
      if (to) to.bytes(b);
    }
  }
}
