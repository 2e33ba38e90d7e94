/**
 * The storages that the tests of the engine run over, and processes on them.
 *
 * @module
 */
import {
  type EngineStorage,
  MemoryRuntimeStorage,
  openRuntime,
  type Runtime,
  type RuntimeOptions,
} from "@fusewire/fusewire";
import { openKvRuntimeStorage } from "../../storage/runtime/kv/open.ts";
import { SharedTime, SkippingClock } from "./skipping_clock.ts";
import { StorageWatch } from "./watched_storage.ts";

/** What a process of a test looks at or does beyond its runtime. */
export interface TestProcess extends AsyncDisposable {
  /** What a user has. */
  readonly runtime: Runtime;
  /** Its calls of the storage. */
  readonly watch: StorageWatch;
  /** Ends it on the spot: no timer fires any more, no call of the storage comes back. */
  kill(): void;
}

/** One store, and any number of processes on it. */
export interface TestWorld extends AsyncDisposable {
  /** Whether each process has a handle of its own, and signs of life are needed. */
  readonly shared: boolean;
  /** The store, as nobody's process sees it. */
  readonly storage: EngineStorage;
  /** A new process. */
  process(options?: Pick<RuntimeOptions, "lease" | "storage" | "serializers" | "tracer">): Promise<TestProcess>;
  /** Lets so much time pass, in pieces that are short against a lease, so that processes give their signs of life. */
  skip(milliseconds: number): Promise<void>;
  /** Lets so much time pass at once, whatever processes are about to do. */
  jump(milliseconds: number): void;
}

interface Kind {
  readonly name: string;
  open(clock: SkippingClock): Promise<{
    readonly storage: EngineStorage;
    /** The store as another process has it. */
    beside(clock: SkippingClock): Promise<EngineStorage>;
    close(): Promise<void>;
  }>;
}

const memory: Kind = {
  name: "memory",
  open: () => {
    const storage = new MemoryRuntimeStorage();
    return Promise.resolve({ storage, beside: () => Promise.resolve(storage), close: () => storage.close() });
  },
};

const kvInMemory: Kind = {
  name: "KV in memory",
  open: async (clock) => {
    const storage = await openKvRuntimeStorage(":memory:", { clock });
    return { storage, beside: () => Promise.resolve(storage), close: () => storage.close() };
  },
};

const kvOnFile: Kind = {
  name: "KV on a file",
  open: async (clock) => {
    const folder = await Deno.makeTempDir();
    const opened: EngineStorage[] = [];
    const beside = async (clock: SkippingClock): Promise<EngineStorage> => {
      const storage = await openKvRuntimeStorage(`${folder}/runs.sqlite`, { clock });
      opened.push(storage);
      return storage;
    };
    return {
      storage: await beside(clock),
      beside,
      close: async () => {
        for (const storage of opened) await storage.close();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
};

/** How a test wants its stores. */
export interface WorldOptions {
  /** Whether stores in memory behave as if they were shared by processes: with leases that end, and with lending. Default: they do. */
  readonly shared?: boolean;
  /** From how many bytes on values go to the object store. Default: as the store says. */
  readonly largeValueBytes?: number;
  /** Whether sessions are kept by another thread where the store can. That thread skips no time. Default: they are not. */
  readonly heartbeats?: boolean;
}

async function openWorld(
  kind: Kind,
  { shared = true, heartbeats = false, largeValueBytes }: WorldOptions,
): Promise<TestWorld> {
  const time = new SharedTime();
  const clock = new SkippingClock(time);
  const { storage, beside, close } = await kind.open(clock);
  const processes = new Set<TestProcess>();
  const isShared = shared || storage.shared;
  return {
    shared: isShared,
    storage,
    async process(options = {}) {
      const own = new SkippingClock(time);
      const watch = new StorageWatch();
      const changes = {
        shared: isShared,
        ...(heartbeats ? {} : { openHeartbeat: undefined }),
        ...(largeValueBytes === undefined ? {} : { largeValueBytes }),
      };
      const runtimeStorage = watch.over(await beside(own), changes);
      const runtime = await openRuntime({ runtimeStorage, clock: own, ...options });
      const made: TestProcess = {
        runtime,
        watch,
        kill() {
          processes.delete(made);
          own.stop();
          watch.sever();
        },
        async [Symbol.asyncDispose]() {
          if (!processes.delete(made)) return;
          await runtime.close();
          own.stop();
        },
      };
      processes.add(made);
      return made;
    },
    jump: (milliseconds) => time.skip(milliseconds),
    async skip(milliseconds) {
      for (let left = milliseconds; left > 0; left -= 2_000) {
        time.skip(Math.min(2_000, left));
        do await new Promise((resolve) => setTimeout(resolve, 0)); while (
          [...processes].some(({ watch }) => watch.pending > 0)
        );
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...processes].map((process) => process[Symbol.asyncDispose]()));
      clock.stop();
      await close();
    },
  };
}

/** Registers a test on every storage. */
export function onEachStorage(
  name: string,
  body: (world: TestWorld) => Promise<void>,
  options: WorldOptions & { readonly kinds?: readonly string[] } = {},
): void {
  for (const kind of [memory, kvInMemory, kvOnFile]) {
    if (options.kinds?.includes(kind.name) === false) continue;
    Deno.test(`${name} (${kind.name})`, async () => {
      await using world = await openWorld(kind, options);
      await body(world);
    });
  }
}

/** Serves in the background until it is stopped. */
export class Serving implements AsyncDisposable {
  readonly #stop = new AbortController();
  /** Resolves when the worker has stopped. */
  readonly done: Promise<void>;

  /** Starts. */
  constructor(
    { runtime }: TestProcess,
    definitions: Parameters<Runtime["worker"]>[0],
    options?: Parameters<Runtime["worker"]>[1],
  ) {
    this.done = runtime.worker(definitions, options).run({ signal: this.#stop.signal, handleSignals: false });
    this.done.catch(() => {});
  }

  /** Tells the worker to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Waits until something holds; a test that hangs here is ended by its runner. */
export async function until(holds: () => boolean | Promise<boolean>, what = "what was waited for"): Promise<void> {
  const end = performance.now() + 30_000;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`It did not come to ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
