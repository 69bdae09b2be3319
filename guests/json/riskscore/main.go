// Command riskscore is release 2 of the strategy riskscore as a guest that
// speaks JSON, with encoding/json and without an SDK. What it shares with
// examples/riskscore is the business part: what a payment is.
package main

func main() {}
