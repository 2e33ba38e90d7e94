/**
 * A worker process of the benchmarks of control flow: serves runs that sleep and that wait for signals.
 *
 * @module
 */
import { openRuntime } from "../mod.ts";
import { listener, sleeper } from "./semantics_definitions.ts";

await using runtime = await openRuntime({ kv: Deno.args[0]! });
await runtime.worker([sleeper, listener], { concurrency: 64 }).run();
