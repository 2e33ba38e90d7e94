/**
 * A process that works on a named batch of durable runs, and prints each result. What its steps do is noted in a file.
 *
 *     deno run killed_fixture.ts <KV> <log> <number of inputs> [stay at input number]
 *
 * @module
 */
import { context, defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";

const [kv = "", log = "", count = "0", stayAt = "-1"] = Deno.args;

function note(text: string): void {
  Deno.writeTextFileSync(log, `${text}\n`, { append: true });
}

const square = task(async (n: number): Promise<number> => {
  note(`${context().runId} runs`);
  if (n === Number(stayAt)) {
    console.log("stays");
    await new Promise(() => {});
  }
  if (n === 2) throw new RangeError("two");
  return n * n;
}, { name: "square" });

const squares = defineWorkflow("squares", { version: "1" }, (input: Input<{ n: number }>) => square(input.n));

await using runtime = await openRuntime({ kv, lease: 500 });
const inputs = Array.from({ length: Number(count) }, (_, n) => ({ n }));
for await (const { index, ...result } of runtime.runBatch(squares, inputs, { batch: "nightly", concurrency: 3 })) {
  console.log(index, result.status, result.status === "fulfilled" ? result.value : String(result.reason));
}
