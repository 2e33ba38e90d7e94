import { expect } from "@std/expect";
import {
  anyOf,
  defineWorkflow,
  type Input,
  map,
  MemoryObjectStore,
  NotFoundError,
  sleep,
  type StandardSchema,
  subWorkflow,
  waitForSignal,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, type TestProcess, type TestWorld, until } from "../engine/storages.ts";
import { double, list, range, same, secondTime } from "./tasks.ts";

/** Takes its time. */
const slow: StandardSchema<{ text: string }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => {
      await Promise.resolve();
      return { value: { text: JSON.stringify(value) } };
    },
  },
};

const endless = defineWorkflow("endless", { version: "1" }, () => list(waitForSignal("never")));
const child = defineWorkflow(
  "child",
  { version: "1" },
  (input: Input<{ count: number }>) =>
    list(map(range(input.count), (n) => double(secondTime(n))).setName("m"), waitForSignal<string>("inner")),
);
const everything = defineWorkflow("everything", { version: "1" }, () => {
  const slept = sleep(3_000);
  return list(
    waitForSignal<string>("s").setName("first"),
    waitForSignal("s", { schema: slow }).after(slept).setName("second"),
    subWorkflow(child, { count: 3 }).setName("child"),
    map(range(3), (n) => subWorkflow(doubled, { n })).setName("many"),
    anyOf(subWorkflow(endless).setName("loser"), same("won").after(sleep(1_000).after(same(0)))),
  );
});
const doubled = defineWorkflow("doubled", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));

const RESULT = ["one", { text: '"two"' }, [[0, 20, 40], "three"], [0, 2, 4], "won"];
const IDS = ["", "/child", "/child/m", "/many", "/many/many[0]", "/many/many[1]", "/many/many[2]"];

/** Where values lie that are too large for the store. */
const objects = new MemoryObjectStore();

interface Crash {
  readonly at: number;
  readonly when: "before" | "after";
}

/** Sends a signal as soon as there is a node that waits for it. */
async function signal({ runtime }: TestProcess, id: string, name: string, payload: string): Promise<void> {
  await until(async () => {
    try {
      await runtime.get(id).signal(name, payload);
      return true;
    } catch (error) {
      if (error instanceof NotFoundError) return false;
      throw error;
    }
  });
}

/** Runs everything in one process, which ends at a call of the store; another goes on. Gives how many calls there were. */
async function play(world: TestWorld, id: string, crash: Crash | undefined): Promise<number> {
  await using user = await world.process({ storage: objects });
  const victim = await world.process({ storage: objects });
  let calls = 0;
  let isDead = false;
  const death = Promise.withResolvers<void>();
  const die = (when: Crash["when"]): void => {
    if (when === "before") calls++;
    if (calls !== crash?.at || when !== crash.when || isDead) return;
    isDead = true;
    victim.kill();
    death.resolve();
  };
  victim.watch.before = () => die("before");
  victim.watch.after = () => die("after");
  const run = await user.runtime.start(everything, undefined, { id });
  for (const payload of ["one", "two"]) await run.signal("s", payload);
  const stop = new AbortController();
  const serving = victim.runtime.worker([everything], { concurrency: 3 }).run({
    signal: stop.signal,
    handleSignals: false,
  });
  serving.catch(() => {});
  const signalled = signal(user, id, "inner", "three");
  let isDone = false;
  const result = run.result().finally(() => isDone = true);
  result.catch(() => {});
  const passes = (): Promise<void> =>
    until(async () => {
      await world.skip(500);
      return isDone || isDead;
    }, "a crash or an end");
  await passes();
  const goOn = async (): Promise<void> => {
    await using rescue = await world.process({ storage: objects });
    await using _rescuing = new Serving(rescue, [everything]);
    await until(async () => {
      await world.skip(2_000);
      return isDone;
    }, `the end of ${id}`);
    await ended(world, id, crash === undefined);
  };
  if (!isDead) {
    await ended(world, id, crash === undefined).catch((error) => {
      if (!isDead) throw error;
    });
    stop.abort();
    await Promise.race([serving.then(() => victim[Symbol.asyncDispose]()), death.promise]);
  }
  if (isDead) await goOn();
  await signalled;
  expect(await result).toEqual(RESULT);
  return calls;
}

/** Looks at all runs: what had to succeed has, what lost is cancelled, and nothing is left open. */
async function ended(world: TestWorld, id: string, isUndisturbed: boolean): Promise<void> {
  for (const child of IDS) {
    expect([child, (await world.storage.readRun(`${id}${child}`))?.status]).toEqual([child, "SUCCEEDED"]);
  }
  await until(async () => {
    await world.skip(500);
    const loser = await world.storage.readRun(`${id}/loser`);
    return loser === undefined ? !isUndisturbed : loser.status === "CANCELLED";
  }, `the end of ${id}/loser`);
  for (const child of ["/child/m", "/many"]) {
    const steps = await world.storage.readSteps(`${id}${child}`);
    expect(steps.every(({ status }) => status === "SUCCEEDED")).toBe(true);
  }
}

for (
  const [kind, every, largeValueBytes] of [["memory", 1, undefined], ["memory", 1, 1], [
    "KV in memory",
    2,
    undefined,
  ]] as const
) {
  onEachStorage(
    `a run with sleep, signals, children and maps comes to its result whichever call of the store its process dies at${
      largeValueBytes === undefined ? "" : ", its values in an object store"
    }`,
    async (world) => {
      const calls = await play(world, "undisturbed", undefined);
      expect(calls).toBeGreaterThan(60);
      const wrong: string[] = [];
      for (let at = 1; at <= calls; at += every) {
        for (const when of ["before", "after"] as const) {
          const id = `${when}-${at}`;
          try {
            await play(world, id, { at, when });
          } catch (error) {
            wrong.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
          }
        }
        if (wrong.length > 3) break;
      }
      expect(wrong).toEqual([]);
    },
    { kinds: [kind], ...largeValueBytes === undefined ? {} : { largeValueBytes } },
  );
}
