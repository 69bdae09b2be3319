import { Answer } from "./answer";
import { Value } from "./value";

/** What a program is made of. Register it with run. */
class Strategy {
  execute: ((input: Value, out: Answer) => void) | null = null;
  construct: ((config: Value, out: Answer) => void) | null = null;
  validate: ((out: Answer) => void) | null = null;

  /** Names the function that answers a call: it reads a map and writes the members of another. */
  run(f: (input: Value, out: Answer) => void): this {
    this.execute = f;
    return this;
  }

  /** Names the function that gets the manifest's config once, before all calls; it may reject it. */
  onInit(f: (config: Value, out: Answer) => void): this {
    this.construct = f;
    return this;
  }

  /** Names the function that may reject the release before it gets traffic. May be called from onInit's. */
  onValidate(f: (out: Answer) => void): this {
    this.validate = f;
    return this;
  }
}

export const strategy = new Strategy();
