/**
 * A worker process of the benchmarks: serves the empty workflow on the KV file that it is given.
 *
 * @module
 */
import { defineWorkflow, openRuntime, task } from "../mod.ts";

const nothing = defineWorkflow("nothing", { version: "1" }, () => task(() => undefined, { name: "nothing" })());
await using runtime = await openRuntime({ kv: Deno.args[0]! });
await runtime.worker([nothing]).run();
