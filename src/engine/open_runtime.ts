/**
 * Opening a runtime: where its runs are kept, and what else it is given.
 *
 * @module
 */
import type { Serializer } from "../../storage/codec/serializers.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { KvLike } from "../../storage/kv/kv_like.ts";
import type { RuntimeStorage } from "../../storage/runtime/runtime_storage.ts";
import { type Clock, systemClock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import { hostName } from "../host_name.ts";
import { joinTracers, type Tracer } from "../tracer.ts";
import type { Runtime } from "./runtime.ts";

/** Options of {@linkcode openRuntime}. */
export interface RuntimeOptions {
  /**
   * The Deno KV that runs are kept in: a path, the URL of a remote one (its token is read from `DENO_KV_ACCESS_TOKEN`), an open one, or
   * `":memory:"`. Default: `Deno.openKv()` without a path, which on Deno Deploy is the database of the app.
   */
  readonly kv?: string | URL | KvLike;
  /** Where runs are kept in place of Deno KV; a store with only the ten methods of `RuntimeStorage` serves one worker. */
  readonly runtimeStorage?: RuntimeStorage | EngineStorage;
  /**
   * Where results are kept that are too large for the other, and those that serializers keep in files. Default: large ones lie in pieces beside
   * the others, and results that need files are refused.
   */
  readonly storage?: ObjectStore;
  /**
   * How objects are kept that the default encoding can not keep, by their exact class; their files lie in `storage`. Chunked arrays need none.
   *
   * @default {[]}
   */
  readonly serializers?: readonly Serializer[];
  /**
   * Milliseconds after which others take over what a worker holds that gives no sign of life.
   *
   * @default {10000}
   */
  readonly lease?: number;
  /** Hears of all that the workers of this runtime do. Default: nobody. */
  readonly tracer?: Tracer | readonly Tracer[];
  /** Time and chance. Default: the real ones; tests give a virtual clock. */
  readonly clock?: Clock;
}

/**
 * Opens a runtime for durable runs.
 *
 * @throws {ConfigError} If the KV can not be opened: a path, URL or token that is wrong, a server that does not answer; or if both `kv` and
 *   `runtimeStorage` are given.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";
 *
 * const greet = task((name: string) => `Hello, ${name}!`, { name: "greet" });
 * const hello = defineWorkflow("hello", { version: "1" }, (input: Input<{ name: string }>) => greet(input.name));
 *
 * await using runtime = await openRuntime({ kv: ":memory:" });
 * console.log(await runtime.run(hello, { name: "Ada" })); // Hello, Ada!
 * ```
 */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { kv, runtimeStorage, storage: objects, serializers = [], lease = 10_000, clock = systemClock } = options;
  if (kv !== undefined && runtimeStorage !== undefined) {
    throw new ConfigError("openRuntime() was given both `kv` and `runtimeStorage`; give it one of them.");
  }
  if (!(lease >= 100)) {
    throw new ConfigError(
      `Option \`lease\` of openRuntime() is ${lease}; it must be a number of milliseconds of at least 100.`,
    );
  }
  const storage = runtimeStorage === undefined
    ? await openKv(kv, clock)
    : isEngineStorage(runtimeStorage)
    ? runtimeStorage
    : await forOneWorker(runtimeStorage);
  const tracer = joinTracers([options.tracer ?? []].flat());
  await tracer?.prepare?.();
  const process = { host: hostName(), id: Deno.pid };
  const [{ Runtime }, { RuntimeCore }] = await Promise.all([import("./runtime.ts"), import("./runtime_core.ts")]);
  const core = new RuntimeCore({ storage, objects, serializers, clock, process, lease, tracer });
  return new Runtime(core, async () => {
    if (runtimeStorage === undefined) await storage.close();
  });
}

async function openKv(target: RuntimeOptions["kv"], clock: Clock): Promise<EngineStorage> {
  const { openKvRuntimeStorage } = await import("../../storage/runtime/kv/open.ts");
  return await openKvRuntimeStorage(target, { clock });
}

async function forOneWorker(storage: RuntimeStorage): Promise<EngineStorage> {
  const { SingleWorkerStorage } = await import("../../storage/runtime/single_worker.ts");
  return new SingleWorkerStorage(storage);
}

function isEngineStorage(storage: RuntimeStorage | EngineStorage): storage is EngineStorage {
  return "claimRuns" in storage && typeof storage.claimRuns === "function";
}
