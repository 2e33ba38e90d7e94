import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  LocalWorkflow,
  map,
  MemoryStorage,
  namingScope,
  type Ref,
  subWorkflow,
  task,
} from "@fusewire/fusewire";

/** A workflow over one storage, and the calls that it makes. */
function stored(build: (tasks: ReturnType<typeof tasksOf>) => Ref<unknown>, cache: "name" | "content" = "name") {
  const state = { calls: [] as string[], numbers: [1, 2, 3], fails: false };
  const storage = new MemoryStorage();
  const workflow = () => {
    const made = namingScope(() => new LocalWorkflow(build(tasksOf(state)), { workflowName: "w", cache }));
    made.setStorage(storage);
    return made;
  };
  return {
    state,
    storage,
    run: async () => {
      state.calls.length = 0;
      const result = await workflow().run();
      return [result, state.calls.toSorted()];
    },
    plan: async () => (await workflow().plan()).steps.map(({ name, action }) => `${name} ${action}`),
  };
}

function tasksOf(state: { readonly calls: string[]; readonly numbers: readonly number[]; readonly fails: boolean }) {
  const numbers = task((): number[] => {
    state.calls.push("numbers");
    return [...state.numbers];
  }, { name: "numbers" });
  const twice = task((n: number) => {
    state.calls.push(`twice ${n}`);
    if (state.fails && n === 2) throw new RangeError("two");
    return 2 * n;
  }, { name: "twice" });
  const sum = task((all: readonly (number | undefined)[]) => {
    state.calls.push("sum");
    return all.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  }, { name: "sum" });
  return { numbers, twice, sum };
}

Deno.test("a second run loads the items, and the plan says so", async () => {
  const { run, plan, storage } = stored(({ numbers, twice, sum }) => sum(map(numbers(), (n) => twice(n)).setName("m")));
  expect(await plan()).toEqual(["numbers_0000 run", "m run", "sum_0000 run"]);
  expect(await run()).toEqual([12, ["numbers", "sum", "twice 1", "twice 2", "twice 3"]]);
  expect(await storage.listTasks("w")).toEqual(["numbers_0000", "sum_0000"]);
  expect(await storage.listTasks("w/m")).toEqual(["m[0]", "m[1]", "m[2]"]);
  expect(await plan()).toEqual(["numbers_0000 stored", "m unneeded", "sum_0000 stored"]);
  expect(await run()).toEqual([12, []]);
  await storage.removeTask("w", { taskName: "sum_0000" });
  expect(await plan()).toEqual(["numbers_0000 stored", "m run", "sum_0000 run"]);
  expect(await run()).toEqual([12, ["sum"]]);
});

Deno.test("after a failure only what failed is made again", async () => {
  const { run, state } = stored(({ numbers, twice, sum }) => sum(map(numbers(), (n) => twice(n)).setName("m")));
  state.fails = true;
  await expect(run()).rejects.toThrow("two");
  expect(state.calls.toSorted()).toEqual(["numbers", "twice 1", "twice 2", "twice 3"]);
  state.fails = false;
  expect(await run()).toEqual([12, ["sum", "twice 2"]]);
});

Deno.test("by content, a changed list makes again the items that have changed, and what reads them", async () => {
  const { run, state, plan } = stored(
    ({ numbers, twice, sum }) => sum(map(numbers().with({ cache: false }), (n) => twice(n)).setName("m")),
    "content",
  );
  expect(await run()).toEqual([12, ["numbers", "sum", "twice 1", "twice 2", "twice 3"]]);
  expect(await run()).toEqual([12, ["numbers"]]);
  state.numbers = [1, 5, 3, 4];
  const planned = await plan();
  expect(planned[0]).toBe("numbers_0000 run");
  expect(planned[2]).toBe("sum_0000 maybe");
  expect(await run()).toEqual([26, ["numbers", "sum", "twice 4", "twice 5"]]);
  state.numbers = [1, 5];
  expect(await run()).toEqual([12, ["numbers", "sum"]]);
});

Deno.test("two nodes that wait for runs of one definition have results of their own", async () => {
  const { run, storage } = stored(({ twice, sum, numbers }) => {
    const child = defineWorkflow("child", { version: "1" }, (input: Input<{ n: number; list: number[] }>) => [
      twice(input.n),
      sum(map(input.list, (n) => twice(n)).setName("inner")),
    ]);
    return task((...all: unknown[]) => all, { name: "all", cache: false })(
      subWorkflow(child, { n: 1, list: [10] }).setName("one"),
      subWorkflow(child, { n: 2, list: numbers() }).setName("two"),
      map(numbers(), (n) => subWorkflow(child, { n, list: [] })).setName("m"),
    );
  });
  const result = [[2, 20], [4, 12], [[2, 0], [4, 0], [6, 0]]];
  expect((await run())[0]).toEqual(result);
  expect(await run()).toEqual([result, []]);
  expect(await storage.listTasks("w/one/inner")).toEqual(["inner[0]"]);
  expect(await storage.listTasks("child")).toEqual([]);
});
