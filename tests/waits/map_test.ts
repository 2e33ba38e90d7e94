import { expect } from "@std/expect";
import {
  branch,
  ConfigError,
  context,
  defineWorkflow,
  GraphError,
  type Input,
  LocalWorkflow,
  map,
  mapSettled,
  MemoryStorage,
  namingScope,
  type NodeItem,
  optional,
  type Ref,
  StepFailedError,
  subWorkflow,
  task,
} from "@fusewire/fusewire";
import { cleanTest } from "./clean.ts";
import { double, isOdd, list, range, same } from "./tasks.ts";

const options = { workflowName: "w" };

/** A task that takes some turns, and how many of its calls were at work at most. */
function observed() {
  const seen = { now: 0, most: 0, calls: 0 };
  const work = task(async (n: number): Promise<number> => {
    seen.calls++;
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, n % 3));
    seen.now--;
    return n;
  }, { name: "work" });
  return { seen, work };
}

cleanTest("map() refuses at once what can be no body, list or option", () => {
  const outer = same(1);
  expect(() => map(range(3), (n) => list(n, outer))).toThrow(/uses node `same_\d+`, which was made outside of it/);
  expect(() => map(range(3), (n) => double(n).after(outer))).toThrow(GraphError);
  expect(() => map(range(3), (n) => double(n).when(outer, () => true))).toThrow(GraphError);
  for (const body of [(n: NodeItem<number>) => n, () => 1, () => undefined]) {
    expect(() => map(range(3), body as (n: NodeItem<number>) => Ref<number>)).toThrow(/The body of `map\(\)` returned/);
  }
  expect(() => map(range(3), 5 as unknown as typeof double)).toThrow(/map\(\) was given the number 5 as its body/);
  expect(() => map([1, 2] as unknown as Ref<number[]>, double)).toThrow(GraphError);
  for (const concurrency of [0, 1.5, NaN, -1]) {
    expect(() => map(range(3), double, { concurrency })).toThrow(ConfigError);
  }
  for (const minSuccessRatio of [-0.1, 1.1, NaN]) {
    expect(() => map(range(3), double, { minSuccessRatio })).toThrow(ConfigError);
  }
  return Promise.resolve();
});

cleanTest(
  "a body that uses a part of the input, or the item of a map around it, is refused, because its own list is its input",
  () => {
    const build = (body: (input: Input<{ list: number[]; by: number }>) => Ref<unknown>) => () =>
      new LocalWorkflow(defineWorkflow("d", { version: "1" }, body), { input: { list: [1], by: 2 } });
    expect(build((input) => map(input.list, (n) => list(n, input.by)))).toThrow(/uses `input.by` in node `list_0000`/);
    expect(build((input) => map(input.list, (n) => list(n, { deep: [input.by] })))).toThrow(GraphError);
    expect(build((input) => map(input.list, (n) => double(n).when(input.by, () => true)))).toThrow(GraphError);
    expect(build((input) => map(input.list, () => same(input)))).toThrow(GraphError);
    expect(build((input) => map(input.list, (n) => branch(input.by, { default: () => double(n) })))).toThrow(
      GraphError,
    );
    expect(() => map(same([[1]]), (row) => map(row, (cell) => list(cell, row.item(0))))).toThrow(/uses `item\.0`/);
    return Promise.resolve();
  },
);

cleanTest("what is no array fails the map, and names it", async () => {
  for (const value of [undefined, null, 5, "abc", { length: 2 }, new Set([1])]) {
    const run = new LocalWorkflow(map(same(value as unknown as number[]), double).setName("m"), options).run();
    const error: unknown = await run.catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StepFailedError);
    expect(String(error)).toContain("Map `m` was given");
  }
});

cleanTest("maps within maps, and items of every form", async () => {
  const rows = same([[1, 2], [], [3]]);
  expect(await new LocalWorkflow(map(rows, (row) => map(row, double)), options).run()).toEqual([[2, 4], [], [6]]);
  const people = same([{ name: "Ada", tags: ["a", "b"] }, { name: "Bob", tags: [] }]);
  const names = map(people, (person) => list(person.item("name"), [person.item("tags")], { all: person }));
  expect(await new LocalWorkflow(names, options).run()).toEqual([
    ["Ada", [["a", "b"]], { all: { name: "Ada", tags: ["a", "b"] } }],
    ["Bob", [[]], { all: { name: "Bob", tags: [] } }],
  ]);
  const pair = task((n: number): [number, string] => [n, `${n}`], { name: "pair" });
  expect(await new LocalWorkflow(map(range(2), (n) => pair(n).item(1)), options).run()).toEqual(["0", "1"]);
  const sparse = task(() => [1, undefined, 3], { name: "sparse" });
  expect(await new LocalWorkflow(map(sparse(), same), options).run()).toEqual([1, undefined, 3]);
});

cleanTest("a body with a branch, conditions, and nodes in order without data", async () => {
  const order: string[] = [];
  const note = task((text: string, n: number) => {
    order.push(`${text} ${n}`);
    return n;
  }, { name: "note" });
  const body = (n: NodeItem<number>) => {
    const first = note("first", n);
    return branch(isOdd(n), {
      true: () => note("odd", n).after(first),
      false: () => list(optional(note("never", n).when(n, () => false)), note("even", n).after(first)),
    });
  };
  const run = await new LocalWorkflow(map(range(3), body).setName("m"), options).start();
  expect(await run.result()).toEqual([[undefined, 0], 1, [undefined, 2]]);
  for (const n of [0, 1, 2]) {
    expect(order.filter((line) => line.endsWith(`${n}`))).toEqual([
      `first ${n}`,
      `${n % 2 === 1 ? "odd" : "even"} ${n}`,
    ]);
  }
  const { steps } = await run.status();
  expect(steps.filter(({ name }) => name.startsWith("m[1]")).map(({ name, status }) => [name, status])).toEqual([
    ["m[1].note_0000", "SUCCEEDED"],
    ["m[1].isOdd_0000", "SUCCEEDED"],
    ["m[1].note_0001", "SUCCEEDED"],
    ["m[1].note_0002", "SKIPPED"],
    ["m[1].optional_0000", "SKIPPED"],
    ["m[1].note_0003", "SKIPPED"],
    ["m[1].list_0000", "SKIPPED"],
    ["m[1]", "SUCCEEDED"],
  ]);
});

cleanTest("onFailure of an item's task: skipped items have not failed, and a fallback is a value", async () => {
  const odd = (onFailure: "skip" | (() => number)) =>
    task((n: number): number => {
      if (n % 2 === 0) throw new RangeError("even");
      return n;
    }, { name: "odd", onFailure: onFailure as "skip" });
  expect(await new LocalWorkflow(map(range(4), odd("skip")), options).run()).toEqual([undefined, 1, undefined, 3]);
  expect(await new LocalWorkflow(map(range(4), odd(() => -1)), options).run()).toEqual([-1, 1, -1, 3]);
  const settled = await new LocalWorkflow(mapSettled(range(2), odd("skip")), options).run();
  expect(settled).toEqual([{ status: "skipped" }, { status: "fulfilled", value: 1 }]);
});

cleanTest("the share that has to succeed is counted exactly", async () => {
  const failing = (count: number) =>
    task((n: number): number => {
      if (n < count) throw new RangeError(`no ${n}`);
      return n;
    }, { name: "failing" });
  const run = (failures: number, minSuccessRatio: number) =>
    new LocalWorkflow(map(range(10), failing(failures), { minSuccessRatio }), options).run();
  expect((await run(3, 0.7)).filter((n) => n === undefined).length).toBe(3);
  await expect(run(4, 0.7)).rejects.toThrow(/4 of the 10 items of .* failed, and a share of 0.7 had to succeed/);
  expect(await run(10, 0)).toEqual(new Array(10).fill(undefined));
});

cleanTest("an item that fails in the midst of its nodes is told with what it failed with", async () => {
  const bad = task((_n: number): number => {
    throw new RangeError("deep within");
  }, { name: "bad" });
  const run = await new LocalWorkflow(mapSettled(range(2), (n) => double(bad(n))), options).start();
  expect(await run.result()).toMatchObject([{ reason: { message: "deep within" } }, { status: "rejected" }]);
});

cleanTest("no more steps of the items are at work than `concurrency` says", async () => {
  for (const [concurrency, most] of [[1, 1], [3, 3], [undefined, 7]] as const) {
    const { seen, work } = observed();
    const node = map(range(40), (n) => work(work(n)), concurrency === undefined ? {} : { concurrency });
    expect(await new LocalWorkflow(node, { ...options, concurrency: 7 }).run()).toEqual([...Array(40).keys()]);
    expect([seen.most, seen.calls]).toEqual([most, 80]);
  }
});

for (const concurrency of [1, 2, 5]) {
  cleanTest(
    `no more than ${concurrency} are at work over a run and all that its nodes wait for, and none waits for ever`,
    async () => {
      const { seen, work } = observed();
      const leaf = defineWorkflow("leaf", { version: "1" }, (input: Input<{ n: number }>) => work(work(input.n)));
      const child = defineWorkflow("child", { version: "1" }, (input: Input<{ count: number }>) => [
        work(1),
        map(range(input.count), (n) => subWorkflow(leaf, { n })),
      ]);
      const targets = [
        ...Array.from({ length: 6 }, (_, n) => work(n)),
        ...Array.from({ length: 4 }, () => subWorkflow(child, { count: 5 })),
        map(range(5), (n) => work(n)),
        work(100).after(subWorkflow(leaf, { n: 1 })),
      ];
      await new LocalWorkflow(targets, { ...options, concurrency }).run();
      expect(seen.most).toBe(concurrency);
      expect(seen.calls).toBe(6 + 4 * (1 + 5 * 2) + 5 + 1 + 2);
    },
  );
}

cleanTest("10,000 children share few slots without asking all of them each time", async () => {
  const leaf = defineWorkflow("leaf", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
  const result = await new LocalWorkflow(map(range(10_000), (n) => subWorkflow(leaf, { n })), {
    ...options,
    concurrency: 2,
  })
    .run();
  expect(result.length).toBe(10_000);
  expect(result.at(-1)).toBe(19_998);
});

cleanTest("100,000 items, plain and with attempts of their own", async () => {
  const plain = await new LocalWorkflow(map(range(100_000), double), options).run();
  expect([plain.length, plain[99_999]]).toEqual([100_000, 199_998]);
  const careful = task((n: number) => n, { name: "careful", retry: { maxAttempts: 2 } });
  const tried = await new LocalWorkflow(map(range(100_000), (n) => careful(n)), options).run();
  expect([tried.length, tried[99_999]]).toEqual([100_000, 99_999]);
});

cleanTest("plugins and policies of a definition are those of the items too", async () => {
  const heard: string[] = [];
  const definition = defineWorkflow("d", {
    version: "1",
    plugins: [{ finished: (_outcome, { nodeName }) => void heard.push(nodeName) }],
    policies: [{
      execute: async (call, { nodeName }) => {
        heard.push(`policy ${nodeName}`);
        return await call();
      },
    }],
  }, () => map(range(2), (n) => double(same(n))).setName("m"));
  expect(await new LocalWorkflow(definition, {}).run()).toEqual([0, 2]);
  expect(heard.toSorted()).toEqual([
    "m[0]",
    "m[0].same_0000",
    "m[1]",
    "m[1].same_0000",
    "policy m[0]",
    "policy m[0].same_0000",
    "policy m[1]",
    "policy m[1].same_0000",
    "policy range_0000",
    "range_0000",
  ]);
});

cleanTest("tasks of items know where they are", async () => {
  const where = task((_n: number) => {
    const { workflowName, nodeName, runId } = context();
    return [workflowName, nodeName, runId];
  }, { name: "where" });
  const run = await new LocalWorkflow(map(range(2), (n) => where(n)).setName("m"), options).start();
  expect(await run.result()).toEqual([["w/m", "m[0]", `${run.id}/m`], ["w/m", "m[1]", `${run.id}/m`]]);
});

cleanTest("names that are too long together are shortened, and stay apart", async () => {
  const long = "n".repeat(240);
  const build = () => [
    map(range(2), (n) => map(range(2).after(same(n)), double)).setName(`${long}a`),
    map(range(2), double).setName(`${long}b`),
  ];
  const workflow = new LocalWorkflow(namingScope(build), { workflowName: "w".repeat(255) });
  const storage = new MemoryStorage();
  workflow.setStorage(storage);
  const results = [[[0, 2], [0, 2]], [0, 2]];
  expect([await workflow.run(), await workflow.run()]).toEqual([results, results]);
});
