import { expect } from "@std/expect";
import fc from "fast-check";
import { context, defineWorkflow, type Input, type Node, task } from "@fusewire/fusewire";
import { seededRandom } from "../../src/random.ts";
import { onEachStorage, Serving, type TestProcess, until } from "./storages.ts";

/** What is not spoilt: without these there is no runtime to speak of, or none that could be closed. */
const SAFE = ["define", "endSession", "readDefinition"];

/** Has calls of a process fail before or after they have happened, at random, until `isOver`. */
function spoil({ watch }: TestProcess, seed: string, chance: number, isOver: () => boolean): void {
  const random = seededRandom(seed);
  const fail = (method: string, when: string, isFirst = false): void => {
    if (isOver() || SAFE.includes(method) || isFirst || random() >= chance) return;
    throw new TypeError(`The store failed ${when} ${method}().`);
  };
  let sessions = 0;
  watch.before = (method, [, isNew]) =>
    fail(method, "before", method === "keepSession" && isNew === true && sessions++ === 0);
  watch.after = (method) => fail(method, "after", method === "keepSession" && sessions === 1);
}

const attempts = new Map<string, number>();
const work = task(async (n: number) => {
  await new Promise((resolve) => setTimeout(resolve, n % 2));
  return n;
}, { name: "work" });
const pure = task((n: number) => n + 1, { name: "pure", pure: true });
const limited = task((n: number) => n * 2, { name: "limited", concurrency: { key: "spoilt", limit: 2 } });
const flaky = task((n: number) => {
  const { attempt, idempotencyKey } = context();
  attempts.set(idempotencyKey, Math.max(attempt, attempts.get(idempotencyKey) ?? 0));
  if (attempt < 3) throw new RangeError("not yet");
  return n;
}, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 1 } });
const sum = task((...of: number[]) => of.reduce((a, b) => a + b, 0), { name: "sum" });
class Counter {
  #count = 0;
  add(n: number): number {
    return this.#count += n;
  }
}
const makeCounter = task(Counter);
const spoilt = defineWorkflow("spoilt", { version: "1" }, (input: Input<{ n: number }>) => {
  const wide: Node<number>[] = Array.from({ length: 80 }, (_, n) => work(n));
  const counter = makeCounter();
  const counted = [1, 2, 3].map((n) => counter.add(n));
  const chain = pure(pure(work(pure(input.n))));
  return sum(...wide, flaky(chain), limited(chain), limited(1), ...counted);
});

onEachStorage(
  "Whatever calls of the store fail, before or after they happen, every run comes to its end and result",
  async (world) => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 4 }), async (seed, tenths) => {
        let isOver = false;
        await using helper = await world.process();
        await using holder = await world.process();
        for (const [i, process] of [helper, holder].entries()) spoil(process, `${seed}${i}`, tenths / 20, () => isOver);
        await using _serving = new Serving(helper, [spoilt], { concurrency: 4 });
        const ids = [1, 2, 3].map((n) => `${crypto.randomUUID()} ${n}`);
        const results = ids.map(async (id, n) => {
          for (;;) {
            try {
              return await holder.runtime.run(spoilt, { n }, { id });
            } catch (error) {
              // The caller hears of a store that fails, and asks again.
              if (!(error instanceof TypeError)) throw error;
            }
          }
        });
        const all = Promise.all(results);
        let isDone = false;
        all.finally(() => isDone = true).catch(() => {});
        await until(async () => {
          await world.skip(1_000);
          return isDone;
        }, `the end of the runs with the seed ${JSON.stringify(seed)}`);
        expect(await all).toEqual([0, 1, 2].map((n) => 79 * 40 + 3 * (n + 3) + 2 + 1 + 3 + 6));
        isOver = true;
        for (const id of ids) {
          const steps = await world.storage.readSteps(id);
          expect(steps.every(({ status }) => status === "SUCCEEDED")).toBe(true);
          expect(steps.filter(({ attempt }) => attempt !== 1).map(({ attempt }) => attempt)).toEqual([3]);
          const { steps: names } = await holder.runtime.get(id).status();
          expect(names.length).toBe(steps.length);
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  },
  { kinds: ["memory", "KV in memory"] },
);
