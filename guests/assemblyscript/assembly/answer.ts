import { Writer } from "./writer";

// Status bytes: the first byte of each answer.
const OK = 0;
const REJECTED = 1;
const FAULT = 2;
const INVALID = 3;

/** The answer of a call. It begins as the map of a result. */
export class Answer extends Writer {
  private status: i32 = OK;

  /** Begins a result. */
  result(): void {
    this.status = OK;
    this.reset(OK);
    this.map();
  }

  /** Whether the answer is neither a business error nor a fault. */
  get ok(): bool { return this.status == OK; }

  /**
   * Makes the answer a business error, whatever was written before. The code
   * is lower-case words joined by underscores; what is written afterwards are
   * its details: out.reject("bad_amount", "...").key("limit").int(100)
   */
  reject(code: string, message: string): Writer {
    this.status = REJECTED;
    this.reset(REJECTED);
    this.map().key("code").text(code).key("message").text(message).key("details");
    return this.map();
  }

  /** Makes the answer a fault: something is wrong inside of the strategy. */
  fault(what: string): void { this.only(FAULT, what); }

  /** Makes the answer the value null. */
  nothing(): void {
    this.reset(OK);
    this.null();
  }

  /** Makes the answer a number. */
  number(n: i64): void {
    this.reset(OK);
    this.int(n);
  }

  /** Completes the answer and returns where it is, as the host wants it. */
  packed(): i64 {
    if (!this.complete()) this.only(INVALID, "the answer is outside of the value domain: " + this.mistake!);
    return <i64>this.start << 32 | <i64>this.size;
  }

  private only(status: i32, what: string): void {
    this.status = status;
    this.reset(status);
    this.text(what);
  }
}
