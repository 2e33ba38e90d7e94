import { expect } from "@std/expect";
import { ConfigError, PoolWorkflow } from "@fusewire/fusewire";
import { add } from "../pool_fixtures/arithmetic.ts";
import { crowd, meet, meetAsync } from "../pool_fixtures/meeting.ts";
import { poolTest } from "./counted_workers.ts";

const workflowName = "parallel";

poolTest("Functions that keep their thread are at work at the same time on two workers", async () => {
  const shared = new SharedArrayBuffer(4);
  const targets = [meet(shared, 2), meet(shared, 2)];
  expect(await new PoolWorkflow(targets, { workflowName, workers: 2 }).run()).toEqual([2, 2]);
});

poolTest("A call never waits behind a long one while another worker has nothing to do", async () => {
  const shared = new SharedArrayBuffer(4);
  const first = meet(shared, 2);
  const short = add(1, 1);
  const second = meet(shared, 2);
  const targets = [first, short, second];
  expect(await new PoolWorkflow(targets, { workflowName, workers: 2 }).run()).toEqual([2, 2, 2]);
});

poolTest("Asynchronous functions share a worker while they wait", async () => {
  const shared = new SharedArrayBuffer(4);
  const targets = Array.from({ length: 4 }, () => meetAsync(shared, 4));
  expect(await new PoolWorkflow(targets, { workflowName, workers: 2 }).run()).toEqual([4, 4, 4, 4]);
});

for (const [options, most] of [[{ maxPendingTasks: 1 }, 1], [{ maxPendingTasks: 3 }, 3], [{}, 4]] as const) {
  poolTest(`With ${JSON.stringify(options)} two workers have up to ${most} calls at a time, and no more`, async () => {
    const counts = new SharedArrayBuffer(8);
    const here = new SharedArrayBuffer(4);
    const together = Array.from({ length: most }, () => meetAsync(here, most));
    const many = Array.from({ length: 3 * most }, () => crowd(counts).after(...together));
    await new PoolWorkflow([...together, ...many], { workflowName, workers: 2, ...options }).run();
    const [left, seen] = new Int32Array(counts);
    expect(left).toBe(0);
    expect(seen).toBeLessThanOrEqual(most);
  });
}

poolTest("A pool of one worker runs a thousand small calls, and more workers than calls harm nothing", async () => {
  const nodes = Array.from({ length: 1_000 }, (_, i) => add(i, 1));
  const expected = nodes.map((_, i) => i + 1);
  expect(await new PoolWorkflow(nodes, { workflowName, workers: 1 }).run()).toEqual(expected);
  expect(await new PoolWorkflow(nodes[0]!, { workflowName, workers: 64 }).run()).toBe(1);
});

Deno.test("Options that can not be used are refused, naming option, workflow and value", () => {
  for (const value of [0, -1, 1.5, NaN, Infinity]) {
    for (const option of ["workers", "maxPendingTasks"]) {
      const make = () => new PoolWorkflow(add(1, 1), { workflowName, [option]: value });
      expect(make).toThrow(ConfigError);
      expect(make).toThrow(
        `Option \`${option}\` of workflow \`parallel\` is ${value}; it must be a whole number of at least 1.`,
      );
    }
  }
});
