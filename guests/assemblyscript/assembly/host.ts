// What the host offers. Each import that a strategy uses must be granted: the
// manifest asks for log, clock, random, emit, state or http, and the operator's
// policy allows it. What is not used is not imported.

import { Value, wellFormed } from "./value";
import { Writer } from "./writer";

@external("swapline", "log") declare function hostLog(level: i32, ptr: usize, size: u32): void;
@external("swapline", "now") declare function hostNow(): i64;
@external("swapline", "random") declare function hostRandom(ptr: usize, size: u32): void;
@external("swapline", "emit") declare function hostEmit(ptr: usize, size: u32): i64;
@external("swapline", "state") declare function hostState(ptr: usize, size: u32): i64;
@external("swapline", "http") declare function hostHTTP(ptr: usize, size: u32): i64;
@external("swapline", "reply") declare function hostReply(ptr: usize): void;

/** Severities of log lines. */
export enum Level { Debug = -4, Info = 0, Warn = 4, Error = 8 }

/** Writes a line to the host's log (capability log). */
export function log(level: Level, message: string): void {
  logWith(level, message).send();
}

/** Begins a line with fields: write its members, as in line.key("ms").int(70), then line.send(). */
export function logWith(level: Level, message: string): LogLine {
  const line = new LogLine(level);
  line.list().text(message).map();
  return line;
}

export class LogLine extends Writer {
  constructor(private level: Level) { super(); }

  send(): void {
    if (this.complete()) hostLog(this.level, this.start, this.size);
    this.free();
  }
}

/** Nanoseconds since the Unix epoch (capability clock). */
export function now(): i64 { return hostNow(); }

/** Random bytes (capability random). */
export function random(size: i32): Uint8Array {
  const b = new Uint8Array(size);
  hostRandom(b.dataStart, size);
  return b;
}

/** What the host answered to a request. */
export class Reply {
  /** The code of what went wrong, or null. */
  code: string | null = null;
  /** What went wrong, for people. */
  message: string = "";
  private room: ArrayBuffer;

  /** Fetches the reply, which has that many bytes, to a request that was sent. */
  constructor(size: i64) {
    const room = new ArrayBuffer(<i32>size);
    hostReply(changetype<usize>(room));
    if (!wellFormed(changetype<usize>(room), <usize>size)) throw new Error("a reply of the host is malformed");
    this.room = room;
    const code = this.list.at(0);
    if (!code.isNull) {
      this.code = code.text();
      this.message = this.value.text();
    }
  }

  /** Whether the host refused. */
  get failed(): bool { return this.code != null; }

  /** What the host answered, until the call returns. */
  get value(): Value { return this.list.at(1); }

  private get list(): Value { return changetype<Value>(changetype<usize>(this.room)); }
}

/** Begins an event (capability emit): write one value, then send(). */
export function event(type: string): Event {
  const e = new Event();
  e.map().key("type").text(type).key("data");
  return e;
}

export class Event extends Writer {
  /** Hands the event over. */
  send(): Reply {
    this.ready();
    const size = hostEmit(this.start, this.size);
    this.free();
    return new Reply(size);
  }
}

/** Reads a key of the strategy's state (capability state). */
export function getState(key: string): StateReply {
  const r = new StateRequest();
  r.map().key("get").text(key);
  return new StateReply(r.exchange());
}

/** Begins to write a key of the strategy's state: write one value, then send(). */
export function putState(key: string): StateRequest {
  const r = new StateRequest();
  r.map().key("put").text(key).key("value");
  return r;
}

/** Deletes a key of the strategy's state. */
export function deleteState(key: string): Reply {
  const r = new StateRequest();
  r.map().key("delete").text(key);
  return r.send();
}

export class StateRequest extends Writer {
  /** Has the host do it. */
  send(): Reply { return new Reply(this.exchange()); }

  exchange(): i64 {
    this.ready();
    const size = hostState(this.start, this.size);
    this.free();
    return size;
  }
}

/** What a key of the state holds. */
export class StateReply extends Reply {
  /** Whether the key exists. */
  get found(): bool { return !this.failed && this.value.get("found")!.bool(); }

  /** Its value; null if it does not exist. */
  get data(): Value { return this.value.get("value")!; }
}

/** Begins a request (capability http): header() as often as needed, body() or bodyBytes(), then send(). */
export function http(method: string, url: string): HTTPRequest {
  const r = new HTTPRequest();
  r.map().key("method").text(method).key("url").text(url).key("headers").map();
  return r;
}

export class HTTPRequest extends Writer {
  private hasBody: bool = false;

  header(name: string, value: string): void { this.key(name).text(value); }

  body(s: string): void { this.inBody().text(s); }

  bodyBytes(b: Uint8Array): void { this.inBody().bytes(b); }

  /** Sends the request and waits for the answer. */
  send(): HTTPResponse {
    if (!this.hasBody) this.inBody().null();
    this.ready();
    const size = hostHTTP(this.start, this.size);
    this.free();
    return new HTTPResponse(size);
  }

  private inBody(): Writer {
    this.hasBody = true;
    return this.end().key("body");
  }
}

/** What a server answered. If failed, there is no more than code and message. */
export class HTTPResponse extends Reply {
  get status(): i32 { return <i32>this.value.get("status")!.int(); }

  /** A header's value, or null. Names are as the host gives them. */
  header(name: string): string | null {
    const v = this.value.get("headers")!.get(name);
    return v ? v.text() : null;
  }

  get body(): Uint8Array { return this.value.get("body")!.bytes(); }
}
