/**
 * Goes on with the durable run of A→B on a KV file, with a trace: `worker_fixture.ts <kv> <trace> [hang]`.
 *
 * @module
 */
import { FileTracer, KvWorkflow, openRuntime, task } from "@fusewire/fusewire";

const [kv = "", path = "", hangs] = Deno.args;
const one = task(() => 1, { name: "one" });
const next = task(async (x: number) => {
  if (hangs === "hang") {
    console.log("hanging");
    await new Promise(() => setInterval(() => {}, 1_000));
  }
  return x + 1;
}, { name: "next" });

using tracer = new FileTracer({ path, flushAfter: 5 });
await using runtime = await openRuntime({ kv, lease: 500, tracer });
const workflow = new KvWorkflow(next(one().setName("a")).setName("b"), { workflowName: "taken over", runtime });
console.log(await workflow.run());
