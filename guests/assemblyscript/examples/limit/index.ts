import { Answer, strategy, Value } from "../../assembly";

function execute(input: Value, out: Answer): void {
  const amount = input.get("amount");
  if (!amount || !amount.isInt) {
    out.reject("bad_input", "amount must be an integer").key("field").text("amount");
    return;
  }
  out.key("approved").bool(amount.int() <= 5000);
}

strategy.run(execute); // these two lines come last
export * from "../../assembly/guest";
