import { expect } from "@std/expect";
import { defineWorkflow, type Input, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

onEachStorage("A rate limit holds over the steps of a run, and waiting for a turn holds no room", async (world) => {
  const begun: number[] = [];
  const step = task((n: number) => {
    begun.push(performance.now());
    return n;
  }, { name: "step", rateLimit: { key: "one", limit: 4, interval: 60 } });
  const beside = task(() => "beside", { name: "beside" });
  const numbers = Array.from({ length: 13 }, (_, n) => n);
  const definition = defineWorkflow(
    "limited",
    { version: "1" },
    (): Node<unknown>[] => [...numbers.map((n) => step(n)), beside()],
  );
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  await using _serving = new Serving(process, [definition], { concurrency: 1 });
  expect(await run.result()).toEqual([...numbers, "beside"]);
  expect(begun.length).toBe(13);
  for (const [i, at] of begun.entries()) {
    const later = begun[i + 4];
    // The turn is taken a moment before the attempt begins.
    if (later !== undefined) expect(later - at).toBeGreaterThan(40);
  }
});

onEachStorage("A rate limit holds over runs, definitions and processes, and repeated attempts count", async (world) => {
  let calls = 0;
  const step = task((n: number) => {
    if (++calls === 1) throw new RangeError("the first attempt");
    return n;
  }, {
    name: "step",
    rateLimit: { key: "api", limit: 2, interval: 3_600_000 },
    retry: { maxAttempts: 2, initialDelay: 1 },
  });
  const one = defineWorkflow("one", { version: "1" }, (input: Input<{ n: number }>) => step(input.n));
  const two = defineWorkflow("two", { version: "1" }, (input: Input<{ n: number }>) => step(input.n));
  await using first = await world.process();
  await using second = await world.process();
  const runs = await Promise.all([
    first.runtime.start(one, { n: 1 }),
    second.runtime.start(two, { n: 2 }),
    first.runtime.start(two, { n: 3 }),
  ]);
  const tick = async () => {
    await first.runtime.worker([one, two]).tick({ budgetMs: 300 });
    await second.runtime.worker([one, two]).tick({ budgetMs: 300 });
  };
  await tick();
  // Two attempts in this hour, one of which is to be repeated; who waits does so without a worker.
  expect(calls).toBe(2);
  const parked = await Promise.all(runs.map(({ id }) => world.storage.readRun(id)));
  expect(parked.filter((run) => run?.parked === true && run.session === undefined).length).toBe(2);
  world.jump(3_600_000);
  await tick();
  expect(calls).toBe(4);
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual([1, 2, 3]);
});

onEachStorage("A slot is not held by a step that waits for its turn", async (world) => {
  const concurrency = { key: "both", limit: 1 };
  const slow = task((n: number) => n, {
    name: "slow",
    concurrency,
    rateLimit: { key: "both", limit: 1, interval: 3_600_000 },
  });
  const free = task(() => "free", { name: "free", concurrency });
  const definition = defineWorkflow("both", { version: "1" }, () => [slow(1), slow(2), free()]);
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  await process.runtime.worker([definition]).tick({ budgetMs: 500 });
  const states = (await world.storage.readSteps(run.id)).map(({ status }) => status);
  expect(states.filter((status) => status === "SUCCEEDED").length).toBe(2);
  expect(states[2]).toBe("SUCCEEDED");
  world.jump(3_600_000);
  await process.runtime.worker([definition]).tick({ budgetMs: 500 });
  expect(await run.result()).toEqual([1, 2, "free"]);
});

onEachStorage("A store that fails when it is asked for a turn is asked again", async (world) => {
  const step = task(() => "done", { name: "step", rateLimit: { key: "failing", limit: 1, interval: 10 } });
  const definition = defineWorkflow("failing", { version: "1" }, () => step());
  await using process = await world.process();
  let failures = 0;
  process.watch.before = (method) => {
    if (method === "takeTurn" && ++failures <= 3) throw new TypeError("no answer");
  };
  expect(await process.runtime.run(definition)).toBe("done");
  await until(() => failures === 4);
});
