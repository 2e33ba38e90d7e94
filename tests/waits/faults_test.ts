import { expect } from "@std/expect";
import fc from "fast-check";
import { anyOf, defineWorkflow, type Input, map, sleep, subWorkflow, waitForSignal } from "@fusewire/fusewire";
import { seededRandom } from "../../src/random.ts";
import { onEachStorage, Serving, type TestProcess, until } from "../engine/storages.ts";
import { double, list, range, same, secondTime } from "./tasks.ts";

/** Without these there is no runtime to speak of, or none that could be closed. */
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

const leaf = defineWorkflow("leaf", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const loser = defineWorkflow("loser", { version: "1" }, () => list(waitForSignal("never")));
const child = defineWorkflow(
  "child",
  { version: "1" },
  (input: Input<{ n: number }>) =>
    list(waitForSignal<number>("inner"), sleep(1_500), map(range(input.n), (n) => double(secondTime(n)))),
);
const spoilt = defineWorkflow("spoilt", { version: "1" }, () =>
  list(
    waitForSignal<number>("s").setName("first"),
    waitForSignal<number>("s").setName("second"),
    map(range(6), (n) => subWorkflow(leaf, { n })),
    map(range(3), (n) => map(range(2).after(same(n)), double)),
    subWorkflow(child, { n: 4 }).setName("child"),
    anyOf(subWorkflow(loser).setName("loser"), same("won").after(sleep(3_000))),
  ));
const RESULT = [1, 2, [0, 2, 4, 6, 8, 10], [[0, 2], [0, 2], [0, 2]], [3, undefined, [0, 20, 40, 60]], "won"];

onEachStorage(
  "whatever calls of the store fail, before or after they happen, what waits gets what it waits for",
  async (world) => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 4 }), async (seed, tenths) => {
        let isOver = false;
        await using user = await world.process();
        await using one = await world.process();
        await using two = await world.process();
        for (const [i, process] of [one, two].entries()) spoil(process, `${seed}${i}`, tenths / 20, () => isOver);
        await using _one = new Serving(one, [spoilt], { concurrency: 4 });
        await using _two = new Serving(two, [spoilt], { concurrency: 4 });
        const run = await user.runtime.start(spoilt);
        await run.signal("s", 1);
        await run.signal("s", 2);
        let isDone = false;
        const result = run.result().finally(() => isDone = true);
        result.catch(() => {});
        let isSent = false;
        await until(async () => {
          await world.skip(1_000);
          if (!isSent && await world.storage.readRun(`${run.id}/child`) !== undefined) {
            isSent = true;
            await run.signal("inner", 3);
          }
          return isDone;
        }, `the end of the run with the seed ${JSON.stringify(seed)}`);
        expect(await result).toEqual(RESULT);
        await until(async () => {
          await world.skip(1_000);
          const loser = await world.storage.readRun(`${run.id}/loser`);
          // It may not have been started before nothing needed it any more.
          return loser === undefined || loser.status === "CANCELLED";
        }, `the end of the loser with the seed ${JSON.stringify(seed)}`);
        isOver = true;
      }),
      { numRuns: 5, endOnFailure: true },
    );
  },
  { kinds: ["memory", "KV in memory"] },
);
