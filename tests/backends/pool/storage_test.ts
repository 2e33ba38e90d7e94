import { expect } from "@std/expect";
import { FileStorage, NdArray, PoolWorkflow } from "@fusewire/fusewire";
import { add, same, total } from "../pool_fixtures/arithmetic.ts";
import { ones, sum, table, tableSum } from "../pool_fixtures/arrays.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "stored", workers: 2 };

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await body(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

poolTest(
  "Results of workers are stored here; a second run reads them and starts no worker",
  (started) =>
    inFolder(async (path) => {
      const array = ones(100_000);
      const matrix = table();
      const targets = [sum(array), array, tableSum(matrix), matrix] as const;
      const run = async () => {
        const workflow = new PoolWorkflow(targets, options);
        workflow.setStorage(new FileStorage({ path }));
        const result = await workflow.run();
        const { steps } = await workflow.plan();
        return { result, actions: steps.map(({ action }) => action) };
      };
      const first = await run();
      expect(started()).toBe(2);
      const second = await run();
      expect(started()).toBe(2);
      for (const { result, actions } of [first, second]) {
        expect(actions).toEqual(["stored", "stored", "stored", "stored"]);
        expect([result[0], result[1].length, result[2]]).toEqual([100_000, 100_000, 524_288]);
        expect(result[3]).toBeInstanceOf(NdArray);
        expect(result[3].get(1, 7)).toBe(4);
      }
    }),
);

poolTest("With the content cache only what changed is run, on workers", (started) =>
  inFolder(async (path) => {
    const run = async (n: number) => {
      const left = same({ n }).setName("left");
      const right = add(1, 1).setName("right");
      const target = total({ of: [left.item("n"), right], more: { at: 0 } }).setName("target");
      const workflow = new PoolWorkflow(target, { ...options, workers: 1, cache: "content" });
      workflow.setStorage(new FileStorage({ path }));
      const { steps } = await workflow.plan();
      const before = started();
      return [await workflow.run(), started() - before, steps.map(({ action }) => action)];
    };
    expect(await run(1)).toEqual([3, 1, ["run", "run", "run"]]);
    expect(await run(1)).toEqual([3, 0, expect.anything()]);
    expect(await run(5)).toEqual([7, 1, expect.anything()]);
  }));

poolTest("alwaysRead gives the readers what was read back", () =>
  inFolder(async (path) => {
    const array = ones(10);
    const workflow = new PoolWorkflow([array, sum(array)], options);
    const storage = new FileStorage({ path });
    storage.alwaysRead = true;
    workflow.setStorage(storage);
    const [result, count] = await workflow.run();
    expect([result, count]).toEqual([new Float64Array(10).fill(1), 10]);
  }));
