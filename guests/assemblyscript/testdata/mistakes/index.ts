// What a writer must refuse, and garbage.

import { Answer, strategy, Value } from "../../assembly";

function execute(input: Value, out: Answer): void {
  const what = input.get("what")!.text();
  if (what == "twice") out.key("a").null().key("b").null().key("a").null();
  else if (what == "no key") out.int(1);
  else if (what == "no value") out.key("a").map().key("b").end();
  else if (what == "two keys") out.key("a").key("b");
  else if (what == "too many ends") out.end().end();
  else if (what == "reserved") out.key("$bytes").int(1);
  else if (what == "low surrogate") out.key("a").text("x\udc00");
  else if (what == "wrong type") wrongType(out);
  else if (what == "garbage") garbage(out);
}

function wrongType(out: Answer): void { out.key("n").int(changetype<Value>(memory.data<u8>([0x61, 0x61])).int()); }

/** Allocates a megabyte that nobody keeps. */
function garbage(out: Answer): void {
  let n = 0;
  for (let i = 0; i < 1000; i++) n += new Uint8Array(1000).length;
  out.key("n").int(n);
}

strategy.run(execute);
export * from "../../assembly/guest";
