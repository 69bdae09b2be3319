// Reads every value and writes it again, members from the last to the first and
// as get finds them. What comes back must be the input.

import { Answer, Kind, strategy, Value, Writer } from "../../assembly";

function execute(input: Value, out: Answer): void { members(input, out); }

function write(v: Value, out: Writer): void {
  switch (v.kind) {
    case Kind.Null: out.null(); break;
    case Kind.Bool: out.bool(v.bool()); break;
    case Kind.Int: out.int(v.int()); break;
    case Kind.Float: out.float(v.float()); break;
    case Kind.Text: out.text(v.text()); break;
    case Kind.Bytes: out.bytes(v.bytes()); break;
    case Kind.List:
      out.list();
      for (let i = 0, e = v.first; i < v.length; i++, e = e.next) write(e, out);
      out.end();
      break;
    default:
      out.map();
      members(v, out);
      out.end();
  }
}

function members(m: Value, out: Writer): void {
  const keys = new Array<Value>();
  for (let i = 0, k = m.first; i < m.length; i++, k = k.next.next) keys.push(k);
  for (let i = keys.length - 1; i >= 0; i--) {
    const name = keys[i].isText ? keys[i].text() : "";
    const found = keys[i].isTextOf(name) ? m.get(name) : null;
    out.key(name);
    if (found) write(found, out);
    else out.null();
  }
}

strategy.run(execute);
export * from "../../assembly/guest";
