// Swapline strategies in AssemblyScript. See README.md.

export { strategy } from "./strategy";
export { Answer } from "./answer";
export { Writer } from "./writer";
export { Kind, Value } from "./value";
export * from "./host";
