/**
 * A durable run that has steps which fail, are repeated, log and warn, on a KV that fails now and then: `silent_fixture.ts <kv>`.
 *
 * @module
 */
import { context, defineWorkflow, LocalWorkflow, openKvRuntimeStorage, openRuntime, task } from "@fusewire/fusewire";

const [kv = ""] = Deno.args;
const flaky = task(() => {
  const { log, attempt } = context();
  for (const write of [log.debug, log.info, log.warn, log.error]) write("attempt {attempt}", { attempt });
  if (attempt < 3) throw new RangeError(`attempt ${attempt}`);
  return attempt;
}, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 1 } });
const fail = task((): number => {
  throw new TypeError("broken");
}, { name: "fail" });
const definition = defineWorkflow("silent", { version: "1" }, () => [flaky(), fail()]);

const storage = await openKvRuntimeStorage(kv);
const commit = storage.commit.bind(storage);
let commits = 0;
storage.commit = async (change) => {
  if (++commits === 1) throw new Error("the store is busy");
  await commit(change);
};
const runtime = await openRuntime({
  runtimeStorage: storage,
  // A tracer that throws is worth a warning too.
  tracer: {
    open: () => {
      throw new Error("no trace");
    },
  },
});
const outcome = await runtime.run(definition).catch((error) => error);
const local = await new LocalWorkflow([flaky(), fail()], { workflowName: "local" }).run().catch((error) => error);
await runtime.close();
await storage.close();
if (!(outcome instanceof Error) || !(local instanceof Error) || commits < 2) Deno.exit(1);
