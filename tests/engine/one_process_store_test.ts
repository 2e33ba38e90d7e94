/**
 * Stores that only one process can use: nobody gives signs of life, nothing is lent, and still two runtimes may share them.
 *
 * @module
 */
import { expect } from "@std/expect";
import { CancelledError, context, defineWorkflow, type Input, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

const options = { shared: false, kinds: ["memory", "KV in memory"] };
const echo = task((n: number) => n, { name: "echo" });
const echoing = defineWorkflow("echo", { version: "1" }, (input: Input<{ n: number }>) => echo(input.n));

onEachStorage(
  "A worker on a store of one process takes runs after any idle time, also those of another runtime",
  async (world) => {
    await using one = await world.process();
    await using two = await world.process();
    await using _serving = new Serving(one, [echoing]);
    for (let n = 0; n < 3; n++) {
      world.jump(100_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await (await two.runtime.start(echoing, { n })).result()).toBe(n);
      expect(await (await one.runtime.start(echoing, { n })).result()).toBe(n);
    }
  },
  options,
);

onEachStorage("A step on a store of one process may take any time, and is run once", async (world) => {
  const gate = Promise.withResolvers<number>();
  let calls = 0;
  const long = task(() => {
    calls++;
    return gate.promise;
  }, { name: "long" });
  const definition = defineWorkflow("long", { version: "1" }, () => long());
  await using one = await world.process();
  await using two = await world.process();
  const run = await one.runtime.start(definition);
  await using _one = new Serving(one, [definition]);
  await until(() => calls === 1);
  await using _two = new Serving(two, [definition]);
  for (let i = 0; i < 5; i++) {
    world.jump(20_000);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  gate.resolve(5);
  expect(await run.result()).toBe(5);
  expect(calls).toBe(1);
}, options);

onEachStorage("A run on a store of one process is cancelled by another runtime, whoever works on it", async (world) => {
  let started = 0;
  const wait = task(async () => {
    started++;
    const { signal } = context();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    throw signal.reason;
  }, { name: "wait" });
  const definition = defineWorkflow("wait", { version: "1" }, () => wait());
  await using one = await world.process();
  await using two = await world.process();
  const driven = one.runtime.run(definition, undefined, { id: "driven" });
  const rejected = expect(driven).rejects.toThrow(CancelledError);
  await until(() => started === 1);
  await two.runtime.get("driven").cancel();
  await rejected;
  await using _serving = new Serving(one, [definition]);
  const served = await two.runtime.start(definition);
  await until(() => started === 2);
  await served.cancel();
  await expect(served.result()).rejects.toThrow(CancelledError);
}, options);

onEachStorage("Nothing is lent on a store of one process", async (world) => {
  const work = task(async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return n;
  }, { name: "work" });
  const numbers = Array.from({ length: 200 }, (_, n) => n);
  const wide = defineWorkflow("wide", { version: "1" }, (): Node<number>[] => numbers.map((n) => work(n)));
  await using one = await world.process();
  await using two = await world.process();
  await using _serving = new Serving(two, [wide]);
  expect(await one.runtime.run(wide)).toEqual(numbers);
  expect(two.watch.count("claimSteps", "setIdle", "report")).toBe(0);
}, options);
