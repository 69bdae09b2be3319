// Uses each capability and answers with what came of it; also what a writer
// must refuse.

import { Answer, deleteState, event, getState, http, Level, log, now, putState, random, strategy, Value } from "../assembly";

function execute(input: Value, out: Answer): void {
  const what = input.get("what")!.text();
  if (what == "log") log(Level.Info, "gr\u00fc\u00dfe");
  else if (what == "now") out.key("now").int(now());
  else if (what == "random") out.key("random").bytes(random(4));
  else if (what == "emit") {
    const e = event("blocked");
    e.map().key("b").int(1).key("a").list().float(0.5).end();
    answer(e.send().code, out);
  } else if (what == "state") state(out);
  else if (what == "http") fetch(out);
  else mistake(what, out);
}

function answer(code: string | null, out: Answer): void {
  out.key("code");
  if (code == null) out.null();
  else out.text(code);
}

function state(out: Answer): void {
  const before = getState("k");
  const put = putState("k");
  put.text("v");
  const failed = put.send().failed;
  const after = getState("k");
  deleteState("k");
  const refused = getState("refused");
  out.key("before").bool(before.found).key("failed").bool(failed).key("after").value(after.data);
  out.key("code").text(refused.code!).key("message").text(refused.message);
}

function fetch(out: Answer): void {
  const r = http("POST", "https://example.com/");
  r.header("b", "2");
  r.header("accept", "1");
  r.body("hello");
  const reply = r.send();
  out.key("status").int(reply.status).key("type").text(reply.header("content-type")!).key("body").bytes(reply.body);
}

function mistake(what: string, out: Answer): void {
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
export * from "../assembly/guest";
