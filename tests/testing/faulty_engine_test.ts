/**
 * The engine on a storage whose calls go wrong by chance: the results are right all the same.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  CancelledError,
  defineWorkflow,
  type Input,
  MemoryRuntimeStorage,
  openRuntime,
  task,
} from "@fusewire/fusewire";
import {
  type FaultRates,
  FaultyRuntimeStorage,
  randomFaults,
  SeededRandom,
  settle,
  type StorageCall,
  VirtualClock,
} from "../../testing/mod.ts";
import { engineStorageConformance } from "../../testing/engine_storage_conformance.ts";
import { runtimeStorageConformance } from "../../testing/runtime_storage_conformance.ts";

const open = () => Promise.resolve({ storage: new FaultyRuntimeStorage(new MemoryRuntimeStorage()) });
runtimeStorageConformance("FaultyRuntimeStorage without a plan", open);
engineStorageConformance("FaultyRuntimeStorage without a plan", open);

/** A store in memory that several workers share, with leases and lending. */
class SharedMemory extends MemoryRuntimeStorage {
  override readonly shared = true;
}

const add = task((a: number, b: number) => a + b, { name: "add" });
const later = task(async (n: number) => {
  await Promise.resolve();
  return n + 1;
}, { name: "later" });
const flaky = task(() => {
  throw new RangeError("always");
}, { name: "flaky", retry: { maxAttempts: 100, initialDelay: 60_000, factor: 1, jitter: 0 } });

const sums = defineWorkflow("sums", { version: "1" }, (input: Input<{ start: number }>) => {
  const crowd = Array.from({ length: 8 }, (_, n) => add(input.start, n));
  let chain = later(crowd[0]!);
  for (const each of crowd) chain = add(chain, each).with(chain === crowd[1] ? {} : { pure: true });
  return later(chain);
});
const endless = defineWorkflow("endless", { version: "1" }, () => [flaky(), add(1, 1)]);

/** Whatever a user would do on a lost connection: the same again. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TypeError && error.message.startsWith("connection"))) throw error;
    }
  }
}

/** Lets time go on until some work is done. */
async function until<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  work.then(() => isDone = true, () => isDone = true);
  for (let moves = 0; !isDone; moves++) {
    await settle();
    if (isDone) break;
    if (moves === 50_000) throw new Error("It never comes to an end.");
    clock.fireNext();
  }
  return await work;
}

async function play(seed: number, rates: FaultRates, methods: readonly string[]): Promise<void> {
  const random = new SeededRandom(`faults ${seed}`);
  const chance = new SeededRandom(`time ${seed}`);
  const clock = new VirtualClock({ random: () => chance.next() });
  const store = new SharedMemory();
  const faults = randomFaults(random, rates);
  const plan = (call: StorageCall) => methods.includes(call.method) ? faults(call) : undefined;
  const storages = [1, 2].map(() => new FaultyRuntimeStorage(store, { plan, clock }));
  const runtimes = await Promise.all(storages.map((runtimeStorage) => openRuntime({ runtimeStorage, clock })));
  const [user, other] = [runtimes[0]!, runtimes[1]!];
  const stop = new AbortController();
  const serving = runtimes.map((runtime) =>
    insist(() => runtime.worker([sums, endless], { concurrency: 3 }).run({ signal: stop.signal, handleSignals: false }))
  );
  const work = async (): Promise<void> => {
    const run = await insist(() => user.start(sums, { start: 10 }, { id: "one" }));
    const keyed = await insist(() => other.start(sums, { start: 20 }, { idempotencyKey: "two" }));
    expect((await insist(() => user.start(sums, { start: 20 }, { idempotencyKey: "two" }))).id).toBe(keyed.id);
    const stuck = await insist(() => user.start(endless, undefined, { id: "stuck" }));
    const driven = insist(() => other.run(sums, { start: 30 }, { id: "driven" }));
    expect(await insist(() => run.result())).toBe(120);
    expect(await insist(() => keyed.result())).toBe(210);
    expect(await driven).toBe(300);
    await insist(() => stuck.cancel());
    await expect(insist(() => stuck.result())).rejects.toThrow(CancelledError);
    for (const id of ["one", "driven", keyed.id]) {
      const { status, steps } = await insist(() => user.get(id).status());
      expect([status, ...steps.map(({ status }) => status)]).toEqual(new Array(steps.length + 1).fill("SUCCEEDED"));
    }
    stop.abort();
    await Promise.all(serving);
    // A session that could not be ended is over with its lease.
    for (const runtime of runtimes) await runtime.close().catch(() => {});
  };
  await until(clock, work());
}

const rates: FaultRates = { fail: 0.1, lostReply: 0.15, delay: 0.1, pause: 0.03, maxDelay: 3_000, maxPause: 20_000 };
const ALL = Object.getOwnPropertyNames(FaultyRuntimeStorage.prototype);
const groups: readonly (readonly [string, readonly string[]])[] = [
  ["commit", ["commit"]],
  ["claimRuns", ["claimRuns"]],
  ["startRun", ["startRun"]],
  ["receive", ["receive"]],
  ["send", ["send"]],
  ["all five", ["commit", "claimRuns", "startRun", "receive", "send"]],
  ["every method", ALL],
];
const SEEDS = Number(Deno.env.get("FUSEWIRE_SEEDS") ?? 20);

for (const [name, methods] of groups) {
  Deno.test(`Runs come to their results although calls of ${name} go wrong by chance`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        await play(seed, rates, methods);
      } catch (error) {
        throw new Error(`Seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  });
}
