import { expect } from "@std/expect";
import {
  defineWorkflow,
  type EngineStorage,
  type Input,
  KvRuntimeStorage,
  MemoryRuntimeStorage,
  openRuntime,
  task,
} from "@fusewire/fusewire";
import {
  type Fault,
  FaultyRuntimeStorage,
  MemoryKv,
  simulateWorkflows,
  VirtualClock,
} from "@fusewire/fusewire/testing";
import { settle } from "../../../testing/settle.ts";

let calls = 0;
const start = task((n: number) => {
  calls++;
  return { n, list: [n, n + 1] };
}, { name: "start" });
const add = task((a: number, b: number) => {
  calls++;
  return a + b;
}, { name: "add", pure: true });
const same = task((n: number) => {
  calls++;
  return n % 2;
}, { name: "same", version: "1" });
const flow = defineWorkflow("flow", { version: "1", cache: "content" }, (input: Input<{ n: number }>) => {
  const first = start(input.n);
  const [one, two] = [add(first.item("n"), 1), add(first.item("list").item(1), 2)];
  const low = same(one);
  return [one, two, low, add(low, 10), start(low).item("list"), add(add(one, two), 0)];
});
/** What it gives, said in another way. */
const expected = (n: number): unknown[] => {
  const low = (n + 1) % 2;
  return [n + 1, n + 3, low, low + 10, [low, low + 1], 2 * n + 4];
};

/** What goes wrong with one call of the store. */
type Mishap = { readonly call: number; readonly fault: Fault };

/** Opens a process over a store, in virtual time, and has it run the flow; `dead` if the process dies. */
async function runOnce(storage: EngineStorage, n: number, id: string, mishap?: Mishap) {
  const clock = new VirtualClock({ random: () => 0.5 });
  let count = 0;
  let isDead = false;
  const faulty = new FaultyRuntimeStorage(storage, {
    clock,
    plan: () => ++count === mishap?.call ? mishap.fault : undefined,
    onKill: () => void (isDead = true),
  });
  const runtime = await openRuntime({ runtimeStorage: faulty, clock });
  const driven = async <T>(work: Promise<T>): Promise<T | "dead"> => {
    let isDone = false;
    const done = (): void => void (isDone = true);
    work.then(done, done);
    await settle();
    while (!isDone && !isDead) {
      clock.fireNext();
      await settle();
    }
    return isDead ? "dead" as const : await work;
  };
  // The caller hears of a store that fails while a run is started or looked at, and asks again.
  const result = await driven((async () => {
    for (let tries = 0;; tries++) {
      try {
        return await runtime.run(flow, { n }, { id });
      } catch (error) {
        if (tries > 3) throw error;
      }
    }
  })());
  const counted = count;
  if (result !== "dead") await driven(runtime.close());
  return { result, count: counted };
}

/** The same, by another process if the first one dies; gives how often functions were called. */
async function runToTheEnd(storage: EngineStorage, n: number, id: string, mishap?: Mishap): Promise<number> {
  calls = 0;
  let { result } = await runOnce(storage, n, id, mishap);
  if (result === "dead") {
    // What the dead process holds is taken over when its lease has passed.
    await storage.reap(Number.MAX_SAFE_INTEGER);
    ({ result } = await runOnce(storage, n, id));
  }
  expect(result).toEqual(expected(n));
  return calls;
}

const FAULTS: readonly Fault[] = [
  { kind: "fail" },
  { kind: "lostReply" },
  { kind: "stale", commits: 1 },
  { kind: "crash", when: "before" },
  { kind: "crash", when: "after" },
];

const STEPS = 8;
const stores: Record<string, () => EngineStorage> = {
  memory: () => new MemoryRuntimeStorage(),
  "Deno KV": () => new KvRuntimeStorage(new MemoryKv(), { shared: false }),
};

for (const [name, open] of Object.entries(stores)) {
  for (const isWarm of [false, true]) {
    const what = isWarm ? "hits" : "misses";
    Deno.test(`Whatever happens to any one call of the store, a run of ${what} gives the same result: ${name}`, async () => {
      // What the store is made of is loaded, which is no call of it.
      await open().readRun("none");
      const { count } = await runOnce(open(), 1, "undisturbed");
      expect(count).toBeGreaterThan(8);
      for (let call = 1; call <= count; call++) {
        for (const fault of FAULTS) {
          const storage = open();
          if (isWarm) expect(await runToTheEnd(storage, 1, "warm")).toBe(STEPS);
          await runToTheEnd(storage, 1, "disturbed", { call, fault });
          // What the disturbed run has kept is right, and all that it made is kept.
          expect(await runToTheEnd(storage, 1, "after")).toBe(0);
          // Some of these steps have inputs that the first run had too.
          expect(await runToTheEnd(storage, 3, "others")).toBeLessThan(STEPS);
        }
      }
    });
  }
}

const simulated = defineWorkflow("simulated", { version: "1", cache: "content" }, (input: Input<{ n: number }>) => {
  const first = start(input.n);
  const crowd = Array.from({ length: 12 }, (_, i) => add(first.item("n"), i));
  const chain = same(add(add(first.item("list").item(1), 1), 2));
  return [...crowd, chain, add(chain, 1), start(chain).item("list")];
});

Deno.test("Simulated processes that crash, stand still and lend steps never take a wrong result", async () => {
  let stored = 0;
  await simulateWorkflows({
    definitions: [simulated],
    act: async (simulation) => {
      for (let round = 0; round < 3; round++) {
        const ids = await Promise.all([1, 2].map((n) => simulation.start(simulated, { n })));
        await simulation.wait(simulation.random.int(1, 300));
        for (const id of ids) {
          await simulation.result(id);
          const { steps } = await simulation.status(id);
          stored += steps.filter(({ status, attempt }) => status === "SUCCEEDED" && attempt === 0).length;
        }
      }
    },
  }, { seeds: Array.from({ length: 25 }, (_, i) => `cached ${i}`) });
  expect(stored).toBeGreaterThan(25 * 2 * 17);
});
