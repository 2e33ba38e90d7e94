import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  map,
  MemoryRuntimeStorage,
  openRuntime,
  PoolWorkflow,
  sleep,
  subWorkflow,
  waitForSignal,
} from "@fusewire/fusewire";
import { breaks, isElsewhere } from "./pool_tasks.ts";
import { double, list, range, total } from "./tasks.ts";

const child = defineWorkflow("child", { version: "1" }, (input: Input<{ n: number }>) => {
  const sum = total(input.n);
  return list(isElsewhere(input.n), sum.add(double(input.n)), sum.add(1));
});
const everything = defineWorkflow("everything", { version: "1" }, () => [
  map(range(4), (n) => subWorkflow(child, { n })),
  map(range(4), isElsewhere),
  list(sleep(10), waitForSignal("s")),
]);
const RESULT = [
  [[true, 0, 1], [true, 3, 4], [true, 6, 7], [true, 9, 10]],
  [true, true, true, true],
  [undefined, "here"],
];

Deno.test("on a pool, bodies of maps and sub-workflows are called by the workers, with live objects", async () => {
  const workflow = new PoolWorkflow(everything, { workers: 2 });
  for (let again = 0; again < 2; again++) {
    const run = await workflow.start();
    await run.signal("s", "here");
    expect(await run.result()).toEqual(RESULT);
  }
});

Deno.test("on a pool, items are tried again after their worker was lost", async () => {
  const run = await new PoolWorkflow(map(range(7), (n) => breaks(n)), { workflowName: "lost", workers: 2 }).start();
  expect(await run.result()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const { steps } = await run.status();
  const tried = steps.filter(({ name }) => /\[[036]\]$/.test(name));
  expect(tried.map(({ attempt }) => attempt > 1)).toEqual([true, true, true]);
});

Deno.test("on a pool, cancel() ends items and children at work", async () => {
  const waits = defineWorkflow("waits", { version: "1" }, () => list(waitForSignal("never"), isElsewhere(1)));
  const workflow = new PoolWorkflow(map(range(3), () => subWorkflow(waits)), { workflowName: "cancelled", workers: 1 });
  const run = await workflow.start();
  while ((await run.status()).steps.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  await run.cancel();
  expect(new Set((await run.status()).steps.slice(1).map(({ status }) => status))).toEqual(new Set(["CANCELLED"]));
});

Deno.test("a durable worker with a pool has the bodies of maps and sub-workflows called there", async () => {
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const stop = new AbortController();
  const serving = runtime.worker([everything], { pool: { workers: 2 } }).run({
    signal: stop.signal,
    handleSignals: false,
  });
  const run = await runtime.start(everything);
  await run.signal("s", "here");
  expect(await run.result()).toEqual(RESULT);
  stop.abort();
  await serving;
});
