// Asks the host for everything it offers; guests/sdktest says what it wants to
// see.

import { Answer, deleteState, event, getState, http, Level, log, logWith, now, putState, random, strategy, Value } from "../../assembly";

function execute(_: Value, out: Answer): void {
  log(Level.Info, "plain line");
  const line = logWith(Level.Warn, "line with fields");
  line.key("text").text("x").key("a").int(1);
  line.send();
  out.key("now").int(now()).key("random").bytes(random(6));
  const scored = event("scored");
  scored.map().key("score").int(7);
  scored.send();
  const forbidden = event("forbidden");
  forbidden.map();
  const denied = forbidden.send();
  out.key("denied").text(denied.code! + ": " + denied.message);
  state(out);
  ask(out);
}

function state(out: Answer): void {
  out.key("before").bool(getState("k").found);
  const put = putState("k");
  put.map().key("n").int(7).key("list").list().int(1).text("two");
  put.send();
  out.key("kept").value(getState("k").data);
  deleteState("k");
  out.key("gone").bool(!getState("k").found);
}

function ask(out: Answer): void {
  const request = http("POST", "https://example.com/");
  request.header("accept", "text/plain");
  request.bodyBytes(Uint8Array.wrap(String.UTF8.encode("ping")));
  const reply = request.send();
  out.key("status").int(reply.status).key("body").bytes(reply.body);
  out.key("seen").value(reply.value.get("headers")!.get("seen")!);
}

strategy.run(execute);
export * from "../../assembly/guest";
