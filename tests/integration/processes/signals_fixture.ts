/**
 * A worker process whose only step takes longer than any test: `signals_fixture.ts PATIENCE`.
 *
 * @module
 */
import { defineWorkflow, openRuntime, task } from "@fusewire/fusewire";

const long = task(() => {
  console.log("at work");
  return new Promise<never>(() => setTimeout(() => {}, 600_000));
}, { name: "long" });
const definition = defineWorkflow("long", { version: "1" }, () => long());

await using runtime = await openRuntime({ kv: ":memory:" });
await runtime.start(definition);
await runtime.worker([definition]).run({ patience: Number(Deno.args[0]) });
console.log("returned");
Deno.exit(0);
