/**
 * A worker process of the crash tests. It starts the run, unless it is there, works on it until it has ended, and prints what it saw as
 * one line of JSON. Where `FUSEWIRE_CRASH_AT` says so it dies on the way.
 *
 *     deno run worker_fixture.ts <KV> <log> <name of the run> drive|serve
 *
 * `drive` is `runtime.run()`; `serve` is `runtime.start()` and a worker. Each run has a part of the KV of its own.
 *
 * @module
 */
import { NotFoundError, openRuntime } from "@fusewire/fusewire";
import { crashAtEnv } from "../../testing/crashing_kv.ts";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import { everything } from "./crash_definition.ts";

/** What a worker process prints. */
export interface WorkerReport {
  /** The result of the run. */
  readonly result: unknown;
  /** Steps that had ended well before this process, and that was committed. */
  readonly committed: readonly string[];
  /** How many commits this process made, those after the result included. */
  readonly commits: number;
}

/** How long others wait before they take over from a process that died. Short, since every point of a sweep waits for it once. */
const LEASE = 400;

const [target = "", log = "", name = "", how = ""] = Deno.args;
const kv = crashAtEnv(await Deno.openKv(target));
const storage = new KvRuntimeStorage(kv, { remote: target.startsWith("http"), prefix: name });
const runtime = await openRuntime({ runtimeStorage: storage, lease: LEASE });
const report = { committed: await committed(), result: await (how === "drive" ? drive() : serve()) };
await runtime.close();
console.log(JSON.stringify({ ...report, commits: kv.commits } satisfies WorkerReport));

async function committed(): Promise<string[]> {
  try {
    const { steps } = await runtime.get(name).status();
    return steps.filter(({ status }) => status === "SUCCEEDED").map(({ name }) => name);
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}

async function drive(): Promise<unknown> {
  return await runtime.run(everything, { log, n: 1 }, { id: name });
}

async function serve(): Promise<unknown> {
  const run = await runtime.start(everything, { log, n: 1 }, { id: name });
  const stop = new AbortController();
  const serving = runtime.worker([everything]).run({ signal: stop.signal });
  try {
    return await run.result();
  } finally {
    stop.abort();
    await serving;
  }
}
