// The exports of the calling convention (package abi of Swapline, wasm.go). The
// file of a strategy ends in: export * from "…/assembly/guest"

import "./abort";
import { Answer } from "./answer";
import { visit } from "./measure";
import { Value, wellFormed } from "./value";
import { strategy } from "./strategy";

const ABI_VERSION = 1;

/** The largest input that the format allows. */
const LONGEST: i32 = 8 << 20;

// Input and config are outside of the collector's reach: the host has their
// addresses, Values point into them.
let input: usize = 0;
let inputSize: i32 = 0;
let inputRoom: i32 = 0;
let config: usize = 0;
const answer = new Answer();

export function swapline_abi_version(): i32 { return ABI_VERSION; }

/** Room for an input. No call is under way, so this is where garbage is collected. */
export function swapline_alloc(size: i32): usize {
  if (size <= 0 || size > LONGEST) return 0;
  tidy();
  if (size > inputRoom) {
    if (input) heap.free(input);
    inputRoom = max(size, 1024);
    input = heap.alloc(inputRoom);
  }
  inputSize = size;
  return input;
}

/** Constructs the strategy from {"config": map}. */
export function swapline_init(ptr: usize, size: i32): i64 {
  if (!received(ptr, size)) return answer.packed();
  config = heap.alloc(size); // never freed: the strategy may keep values of it
  memory.copy(config, ptr, size);
  answer.result();
  const execute = strategy.execute;
  if (!execute) {
    answer.fault("no strategy is registered: call strategy.run(execute)");
    return answer.packed();
  }
  const construct = strategy.construct;
  if (construct) construct(changetype<Value>(config).get("config")!, answer);
  if (!answer.ok) return answer.packed();
  answer.result();
  answer.key("methods").list().text("Execute");
  if (strategy.validate) answer.text("Validate");
  return answer.packed();
}

/** One call of the strategy. */
export function swapline_execute(ptr: usize, size: i32): i64 {
  if (!received(ptr, size)) return answer.packed();
  answer.result();
  const execute = strategy.execute;
  if (config && execute) execute(changetype<Value>(ptr), answer);
  else answer.fault("execute was called before init");
  return answer.packed();
}

/**
 * For measurements: reads the whole input and answers with the number of its
 * values. Nothing of the strategy runs, here and in echo.
 */
export function swapline_decode(ptr: usize, size: i32): i64 {
  if (received(ptr, size)) answer.number(visit(changetype<Value>(ptr), null));
  return answer.packed();
}

/** For measurements: answers with the input, made anew. */
export function swapline_echo(ptr: usize, size: i32): i64 {
  if (received(ptr, size)) {
    answer.result();
    visit(changetype<Value>(ptr), answer);
  }
  return answer.packed();
}

/** The strategy's own check of itself. */
export function swapline_validate(): i64 {
  answer.result();
  const validate = strategy.validate;
  if (validate) validate(answer);
  if (answer.ok) answer.nothing();
  return answer.packed();
}

/** Checks what the host wrote; if it is not usable, the answer says so. */
function received(ptr: usize, size: i32): bool {
  if (ptr == input && size == inputSize && wellFormed(ptr, size) && changetype<Value>(ptr).isMap) return true;
  answer.fault("the host did not write one map to the room that it was given");
  return false;
}

let calls: i32 = 0;
let interval: i32 = 64; // calls between two collections
let pages: i32 = memory.size();

/**
 * Collects garbage now and then, and more often where that is too late: when
 * the memory grew. A host that puts the memory back after every call never lets
 * it come to that; one that does not would see it grow for ever.
 */
function tidy(): void {
  calls++;
  const grew = memory.size() > pages;
  if (grew) interval = max(1, calls >> 1);
  else if (calls < interval) return;
  __collect();
  calls = 0;
  pages = memory.size();
}
