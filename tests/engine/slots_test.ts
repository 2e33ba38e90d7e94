import { expect } from "@std/expect";
import { defineWorkflow, type Input, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

/** A definition of many steps that share a key, and how many of them were at work at once. */
function limited(name: string, key: string, limit: number, width: number) {
  const seen = { now: 0, most: 0, calls: 0 };
  const step = task(async (n: number) => {
    seen.calls++;
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 3));
    seen.now--;
    return n;
  }, { name: "step", concurrency: { key, limit } });
  const numbers = Array.from({ length: width }, (_, n) => n);
  const definition = defineWorkflow(name, { version: "1" }, (): Node<number>[] => numbers.map((n) => step(n)));
  return { definition, seen, numbers };
}

onEachStorage(
  "A concurrency key holds for all steps of a run, and room is not held while waiting for it",
  async (world) => {
    const { definition, seen, numbers } = limited("one", "one", 2, 12);
    await using process = await world.process();
    expect(await process.runtime.run(definition)).toEqual(numbers);
    expect([seen.most, seen.calls]).toEqual([2, 12]);
  },
);

onEachStorage("A concurrency key holds over runs, definitions and processes", async (world) => {
  const seen = { now: 0, most: 0 };
  const step = task(async (n: number) => {
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 3));
    seen.now--;
    return n;
  }, { name: "step", concurrency: { key: "database", limit: 3 } });
  const one = defineWorkflow("one", { version: "1" }, (input: Input<{ n: number }>) => step(input.n));
  const two = defineWorkflow("two", { version: "1" }, (input: Input<{ n: number }>) => step(step(input.n)));
  await using first = await world.process();
  await using second = await world.process();
  const results = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map((n) => (n % 2 === 0 ? first : second).runtime.run(n % 3 === 0 ? one : two, { n })),
  );
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(seen.most).toBeLessThanOrEqual(3);
  expect(seen.most).toBeGreaterThan(1);
});

onEachStorage(
  "A slot is free again when its holder failed, was retried, was cancelled or ran out of time",
  async (world) => {
    let calls = 0;
    const concurrency = { key: "fragile", limit: 1 };
    const fail = task((): number => {
      throw new RangeError(`failure ${++calls}`);
    }, { name: "fail", concurrency, retry: { maxAttempts: 3, initialDelay: 1 }, onFailure: () => -1 });
    const slow = task(() => new Promise<number>(() => {}), {
      name: "slow",
      concurrency,
      timeout: 5,
      onFailure: () => -2,
    });
    const skipped = task((n: number) => n, { name: "skipped", concurrency });
    const ok = task(() => 1, { name: "ok", concurrency });
    const definition = defineWorkflow("fragile", { version: "1" }, () => {
      const failed = fail();
      skipped(1).when(failed, () => false);
      return [failed, slow(), ok(), ok()];
    });
    const hang = task(() => new Promise<number>(() => {}), { name: "hang", concurrency });
    const hanging = defineWorkflow("hanging", { version: "1" }, () => hang());
    await using process = await world.process();
    const cancelled = process.runtime.run(hanging, undefined, { id: "hanging" });
    const rejected = expect(cancelled).rejects.toThrow("was cancelled");
    await until(async () => (await world.storage.readSteps("hanging"))[0]?.status === "RUNNING");
    await process.runtime.get("hanging").cancel();
    await rejected;
    expect(await process.runtime.run(definition)).toEqual([-1, -2, 1, 1]);
    expect(calls).toBe(3);
  },
);

onEachStorage("A slot of a dead holder is free when its lease has run out", async (world) => {
  let isFirst = true;
  const hang = task(() => isFirst ? new Promise<string>(() => {}) : "second", {
    name: "hang",
    concurrency: { key: "dead", limit: 1 },
  });
  const definition = defineWorkflow("dead", { version: "1" }, (_input: Input<{ n: number }>) => hang());
  const first = await world.process();
  const started = await first.runtime.start(definition, { n: 1 });
  new Serving(first, [definition]).done.catch(() => {});
  await until(async () => (await world.storage.readSteps(started.id))[0]?.status === "RUNNING");
  first.kill();
  isFirst = false;
  await using second = await world.process();
  const waiting = second.runtime.run(definition, { n: 2 }, { id: "waiting" });
  await until(() => second.watch.count("takeSlot") > 1);
  expect((await second.runtime.get("waiting").status()).steps[0]?.status).toBe("PENDING");
  await world.skip(20_000);
  expect(await waiting).toBe("second");
  await using _serving = new Serving(second, [definition]);
  await world.skip(10_000);
  expect(await second.runtime.attach(started.id).result()).toBe("second");
});
