// The conformance strategy, see guests/tck/tck: the config chooses a behaviour,
// and with "choose" the input does.

import { Answer, deleteState, event, getState, Level, logWith, now, putState, Reply, strategy, Value } from "../assembly";

let config!: Value;
let behaviour = "";
let count: i64 = 0;

function init(c: Value, out: Answer): void {
  config = c;
  behaviour = text(c, "behaviour");
  if (behaviour == "construct_error") out.reject("bad_config", "the constructor refuses this config");
  else if (behaviour == "construct_panic") throw new Error("constructor of the conformance strategy");
  else if (behaviour == "construct_nil") out.fault("there is no strategy and no error");
  else if (behaviour.startsWith("validate_")) strategy.onValidate(validate);
}

function validate(out: Answer): void {
  if (behaviour == "validate_error") out.reject("dependency_unreachable", "the rate table cannot be reached");
  else if (behaviour == "validate_panic") throw new Error("the conformance strategy panics in validate");
  else if (behaviour == "validate_spin") while (true) {}
}

function execute(input: Value, out: Answer): void {
  const b = behaviour == "choose" ? text(input, "behaviour") : behaviour;
  if (b == "echo" || b.startsWith("validate_")) echo(input, out);
  else if (b == "adder") add(input, out);
  else if (b == "config") out.key("config").value(config);
  else if (b == "counter") out.key("count").int(++count);
  else if (b == "log") line();
  else if (b == "now") out.key("unix").int(now() / 1000000000);
  else if (b == "emit" || b == "state" || b == "forget") effect(b, input, out);
  else if (b == "reject") reject(out);
  else if (b == "plain") out.reject("business_error", "an error without a code");
  else misbehave(b, out);
}

function reject(out: Answer): void {
  out.reject("tck_rejected", "the amount is above the limit").key("limit").int(100).key("currency").text("EUR");
}

/** The behaviours that reach outside of the call. */
function effect(b: string, input: Value, out: Answer): void {
  const done = b == "emit" ? emit() : b == "state" ? countUp(out) : forget(out);
  if (done.failed) out.reject(done.code!, done.message);
  else if (input.get("reject")) reject(out);
}

function emit(): Reply {
  const first = happened(1);
  return first.failed ? first : happened(2);
}

function happened(n: i64): Reply {
  const e = event("tck.happened");
  e.map().key("n").int(n);
  return e.send();
}

/** Reads its own write back. */
function countUp(out: Answer): Reply {
  const before = getState("count");
  if (before.failed) return before;
  const put = putState("count");
  put.int(before.found ? before.data.int() + 1 : 1);
  const done = put.send();
  if (done.failed) return done;
  const after = getState("count");
  if (!after.failed) out.key("count").value(after.data);
  return after;
}

function forget(out: Answer): Reply {
  const before = getState("count");
  if (before.failed) return before;
  out.key("found").bool(before.found);
  return deleteState("count");
}

function misbehave(b: string, out: Answer): void {
  if (b == "panic") throw new Error("the conformance strategy panics");
  else if (b == "spin") while (true) {}
  else if (b == "stubborn") for (const start = now(); now() - start < 200000000;) {}
  else if (b == "domain") out.key("value").text("\uD800");
  else if (b == "nan") out.key("value").float(NaN);
  else if (b == "deep") {
    out.key("value");
    for (let i = 0; i < 10000; i++) out.list();
  } else if (b == "numbers") {
    out.key("int").int(1).key("int8").int(1).key("uint16").int(1).key("int64").int(1);
    out.key("float32").float(1).key("float64").float(1);
  } else if (b != "empty") out.reject("unknown_behaviour", "the conformance strategy has no behaviour " + b);
}

function line(): void {
  const l = logWith(Level.Warn, "conformance line");
  l.key("amount").int(7);
  l.send();
}

/** Writes every member of the input; the order does not matter. */
function echo(input: Value, out: Answer): void {
  let v = input.first;
  for (let i = input.length; i > 0; i--) {
    out.key(v.text()).value(v.next);
    v = v.next.next;
  }
}

function add(input: Value, out: Answer): void {
  const a = input.get("a"), b = input.get("b");
  if (!a || !b || !a.isInt || !b.isInt) {
    out.reject("bad_input", "a and b must be integers");
    return;
  }
  const version = config.get("version");
  out.key("sum").int(a.int() + b.int()).key("version");
  if (version) out.value(version);
  else out.null();
}

function text(m: Value, key: string): string {
  const v = m.get(key);
  return v && v.isText ? v.text() : "";
}

strategy.run(execute).onInit(init);
export * from "../assembly/guest";
