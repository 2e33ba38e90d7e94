import { expect } from "@std/expect";
import {
  type CacheMode,
  ChunkedArray,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  type Node,
  type Plan,
  type Ref,
  task,
  type TaskOptions,
  type TaskStorage,
} from "@fusewire/fusewire";

let ran: string[] = [];
const load = (rows: number[]) => (ran.push("load"), rows);
const clean = (rows: number[]) => (ran.push("clean"), rows.filter((row) => row >= 0));
const fit = (rows: number[], rate: number) => (ran.push("fit"), rows.length * rate);

interface Pipeline {
  rows?: number[];
  rate?: number;
  loadOptions?: TaskOptions;
  cleanOptions?: TaskOptions;
  fitOptions?: TaskOptions;
  cleanFn?: typeof clean;
  fitFn?: typeof fit;
}

/** Load, then clean, then fit, as a user might change them between two runs. */
function pipeline(
  { rows = [1, -2, 3], rate = 0.1, loadOptions, cleanOptions, fitOptions, cleanFn = clean, fitFn = fit }: Pipeline = {},
): Node<number> {
  return namingScope(() => {
    const loaded = task(load, { name: "load", ...loadOptions })(rows).setName("load");
    const cleaned = task(cleanFn, { name: "clean", ...cleanOptions })(loaded).setName("clean");
    return task(fitFn, { name: "fit", ...fitOptions })(cleaned, rate).setName("fit");
  });
}

function workflowOf<T>(target: Ref<T>, storage: TaskStorage | undefined, cache: CacheMode = "content") {
  const workflow = new LocalWorkflow(target, { workflowName: "plan", cache });
  workflow.setStorage(storage);
  return workflow;
}

const actions = ({ steps }: Plan): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, action }) => [name, action]));
const messages = ({ steps }: Plan): string[] => steps.map(({ message }) => message);

/** What is planned for a target, what then ran, and what came out. */
async function planAndRun<T>(target: Ref<T>, storage: TaskStorage, cache: CacheMode = "content") {
  const workflow = workflowOf(target, storage, cache);
  const plan = await workflow.plan();
  ran = [];
  const value = await workflow.run();
  return { plan, ran, value };
}

Deno.test("Without a storage everything runs, and the plan says why", async () => {
  const plan = await workflowOf(pipeline(), undefined).plan();
  expect(plan.steps).toEqual(
    ["load", "clean", "fit"].map((name) => ({
      name,
      action: "run",
      reasons: [{ kind: "uncached", because: "no-storage" }],
      message: `\`${name}\` will run: no storage is set.`,
    })),
  );
});

for (const cache of ["name", "content"] as const) {
  Deno.test(`With nothing stored everything runs, then nothing does (${cache})`, async () => {
    const storage = new MemoryStorage();
    const first = await planAndRun(pipeline(), storage, cache);
    expect(actions(first.plan)).toEqual({ load: "run", clean: "run", fit: "run" });
    expect(first.plan.steps[0]?.message).toBe("`load` will run: nothing is stored.");
    expect(first.ran).toEqual(["load", "clean", "fit"]);
    const second = await planAndRun(pipeline(), storage, cache);
    expect(actions(second.plan)).toEqual({ load: "stored", clean: "stored", fit: "stored" });
    expect(second.plan.steps[0]).toEqual({
      name: "load",
      action: "stored",
      reasons: [{ kind: "stored" }],
      message: "`load` is taken from the storage: its result is there.",
    });
    expect([second.ran, second.value]).toEqual([[], first.value]);
  });
}

Deno.test("A plan neither runs nor stores anything", async () => {
  const storage = new MemoryStorage();
  ran = [];
  await workflowOf(pipeline(), storage).plan();
  expect(ran).toEqual([]);
  expect(await storage.listTasks("plan")).toEqual([]);
});

Deno.test("A changed input is told with both values, and only what it reaches runs", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const { plan, ran: again, value } = await planAndRun(pipeline({ rate: 0.2 }), storage);
  expect(actions(plan)).toEqual({ load: "stored", clean: "stored", fit: "stale" });
  expect(plan.steps[2]?.message).toBe("`fit` will run again: input `rate` changed 0.1 → 0.2.");
  expect(plan.steps[2]?.reasons).toEqual([{ kind: "input-changed", input: "rate", from: "0.1", to: "0.2" }]);
  expect([again, value]).toEqual([["fit"], 0.4]);
});

Deno.test("Changed inputs of all kinds are shown short", async () => {
  const cases: [from: unknown, to: unknown, message: string][] = [
    [1, 2, "1 → 2"],
    ["a", "b", '"a" → "b"'],
    [true, false, "true → false"],
    [null, undefined, "null → undefined"],
    [0, -0, "0 → -0"],
    [1n, 2n, "1n → 2n"],
    [NaN, 1, "NaN → 1"],
    [[1, 2], [1, 3], "[1,2] → [1,3]"],
    [{ a: 1 }, { a: 2 }, '{"a":1} → {"a":2}'],
    ["x".repeat(50), "y", `"${"x".repeat(40)}"… → "y"`],
    [1, "1", '1 → "1"'],
  ];
  const show = task((value: unknown) => String(value), { name: "show" });
  for (const [from, to, message] of cases) {
    const storage = new MemoryStorage();
    await workflowOf(show(from).setName("show"), storage).run();
    const { steps } = await workflowOf(show(to).setName("show"), storage).plan();
    expect(steps[0]?.message).toBe(`\`show\` will run again: input \`value\` changed ${message}.`);
  }
  const storage = new MemoryStorage();
  await workflowOf(show(new Uint8Array(1_000)).setName("show"), storage).run();
  const { steps } = await workflowOf(show(new Uint8Array(1_001)).setName("show"), storage).plan();
  expect(steps[0]?.message).toBe("`show` will run again: input `value` changed.");
});

Deno.test("A changed source is told, for functions as they are and as they are replaced", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const fitFn: typeof fit = (rows, rate) => (ran.push("fit"), rows.length / rate);
  const { plan, ran: again } = await planAndRun(pipeline({ fitFn }), storage);
  expect(plan.steps[2]).toMatchObject({ action: "stale", message: "`fit` will run again: source of `fit` changed." });
  expect(again).toEqual(["fit"]);
  const workflow = workflowOf(pipeline({ fitFn }), storage);
  expect(actions(await workflow.plan())).toMatchObject({ fit: "stored" });
  workflow.replaceFunc(workflow.findNodes("fit")[0]!, () => 42);
  expect(messages(await workflow.plan())[2]).toMatch(/`fit` will run again: source of `fit` changed/);
  expect(await workflow.run()).toBe(42);
});

Deno.test("A changed version is told", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const first = await planAndRun(pipeline({ fitOptions: { version: "2" } }), storage);
  expect(messages(first.plan)[2]).toBe('`fit` will run again: version changed none → "2".');
  const second = await planAndRun(pipeline({ fitOptions: { version: "3" } }), storage);
  expect(messages(second.plan)[2]).toBe('`fit` will run again: version changed "2" → "3".');
  expect(second.ran).toEqual(["fit"]);
});

Deno.test("A changed seed is told, because random numbers come out different", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const first = await planAndRun(pipeline({ fitOptions: { seed: 7 } }), storage);
  expect(messages(first.plan)[2]).toBe("`fit` will run again: seed changed none → 7.");
  const second = await planAndRun(pipeline({ fitOptions: { seed: "a" } }), storage);
  expect(messages(second.plan)[2]).toBe('`fit` will run again: seed changed 7 → "a".');
  expect(second.ran).toEqual(["fit"]);
  expect((await planAndRun(pipeline({ fitOptions: { seed: "a" } }), storage)).ran).toEqual([]);
});

Deno.test("Several reasons stand in one sentence", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const { steps } = await workflowOf(pipeline({ rate: 1, fitOptions: { version: "2" } }), storage).plan();
  expect(steps[2]?.reasons.length).toBe(2);
  expect(steps[2]?.message).toBe('`fit` will run again: version changed none → "2" and input `rate` changed 0.1 → 1.');
});

Deno.test("What is below a change may run, and an unchanged output stops the wave", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  const stopped = await planAndRun(pipeline({ rows: [1, -5, 3] }), storage);
  expect(stopped.plan.steps.map(({ action, message }) => [action, message])).toEqual([
    ["stale", "`load` will run again: input `rows` changed [1,-2,3] → [1,-5,3]."],
    ["maybe", "`clean` may run: upstream `load` will run."],
    ["maybe", "`fit` may run: upstream `clean` may run."],
  ]);
  expect([stopped.ran, stopped.value]).toEqual([["load", "clean"], 0.2]);
  expect(actions((await planAndRun(pipeline({ rows: [1, -5, 3] }), storage)).plan)).toEqual({
    load: "stored",
    clean: "stored",
    fit: "stored",
  });
  const through = await planAndRun(pipeline({ rows: [1, 2, 3] }), storage);
  expect([through.ran, through.value]).toEqual([["load", "clean", "fit"], 3 * 0.1]);
});

Deno.test("In the mode name only what is missing runs, whatever changed", async () => {
  const storage = new MemoryStorage();
  const { value } = await planAndRun(pipeline(), storage, "name");
  const changed = await planAndRun(pipeline({ rows: [7], rate: 9 }), storage, "name");
  expect([changed.ran, changed.value]).toEqual([[], value]);
  await storage.removeTask("plan", { taskName: "clean" });
  const partly = await planAndRun(pipeline({ rows: [7] }), storage, "name");
  expect(actions(partly.plan)).toEqual({ load: "stored", clean: "unneeded", fit: "stored" });
  expect(partly.plan.steps[1]?.message).toBe("`clean` will not run: nothing that runs reads it.");
  expect(partly.ran).toEqual([]);
});

Deno.test("The mode of a task goes before that of the workflow", async () => {
  const storage = new MemoryStorage();
  const build = (rate: number) => pipeline({ rate, cleanOptions: { cache: false }, fitOptions: { cache: "content" } });
  await planAndRun(build(0.1), storage, "name");
  expect(await storage.listTasks("plan")).toEqual(["fit", "load"]);
  const second = await planAndRun(build(0.2), storage, "name");
  expect(second.plan.steps.map(({ action }) => action)).toEqual(["stored", "run", "stale"]);
  expect(second.plan.steps[1]?.message).toBe("`clean` will run: its cache is off.");
  expect(second.ran).toEqual(["clean", "fit"]);
  const third = await planAndRun(build(0.2), storage, "name");
  expect(third.plan.steps.map(({ action }) => action)).toEqual(["stored", "run", "maybe"]);
  expect(third.ran).toEqual(["clean"]);
});

Deno.test("A workflow whose cache is off stores nothing, unless a task says otherwise", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline({ loadOptions: { cache: "name" } }), storage, false);
  expect(await storage.listTasks("plan")).toEqual(["load"]);
  const second = await planAndRun(pipeline({ loadOptions: { cache: "name" } }), storage, false);
  expect(second.ran).toEqual(["clean", "fit"]);
});

Deno.test("Logged nodes and instances always run where they are needed, and the plan says why", async () => {
  class Acc {
    add(n: number): number {
      ran.push("add");
      return n;
    }
  }
  const build = () =>
    namingScope(() => {
      const acc = task(Acc)();
      return task(fit, { name: "fit" })(task(load, { name: "load" })([1]).setName("load"), acc.add(2)).setName("fit");
    });
  const storage = new MemoryStorage();
  for (let i = 0; i < 2; i++) {
    const workflow = workflowOf(build(), storage);
    workflow.logNodes("fit");
    const plan = await workflow.plan();
    expect(messages(plan)).toEqual([
      "`Acc_0000` will run: instances and their calls are never stored.",
      i === 0 ? "`load` will run: nothing is stored." : "`load` is taken from the storage: its result is there.",
      "`Acc.add_0000` will run: instances and their calls are never stored.",
      "`fit` will run: logged nodes always run.",
    ]);
    ran = [];
    expect(await workflow.run()).toBe(2);
    expect(ran).toEqual(i === 0 ? ["load", "add", "fit"] : ["add", "fit"]);
  }
  expect(await storage.listTasks("plan")).toEqual(["load"]);
});

Deno.test("An input without a canonical form makes its node uncacheable, which the plan says with the path", async () => {
  const apply = task((f: (n: number) => number, n: number) => (ran.push("apply"), f(n)), { name: "apply" });
  const storage = new MemoryStorage();
  const build = () => apply((n) => n + 1, 1).setName("apply");
  await planAndRun(build(), storage);
  const { plan, ran: again, value } = await planAndRun(build(), storage);
  expect(plan.steps[0]).toMatchObject({ action: "stale", reasons: [{ kind: "uncacheable" }] });
  expect(plan.steps[0]?.message).toMatch(/can not be cached by content, because .*`f`/);
  expect([again, value]).toEqual([["apply"], 2]);
});

Deno.test("What reads a chunked array runs again under the content cache, because arrays on disk are not hashed", async () => {
  const squares = task((n: number) => {
    ran.push("squares");
    return ChunkedArray.create(
      { shape: [n], chunks: [4], dtype: "int32" },
      ({ offset: [from = 0], shape: [count = 0] }) => Int32Array.from({ length: count }, (_, i) => (from + i) ** 2),
    );
  }, { name: "squares" });
  const last = task(async (array: ChunkedArray<"int32">) => {
    ran.push("last");
    return (await array.slice([-1])).data[0];
  }, { name: "last" });
  const storage = new MemoryStorage();
  const build = (n: number) => last(squares(n).setName("squares")).setName("last");
  expect((await planAndRun(build(10), storage)).value).toBe(81);
  const again = await planAndRun(build(10), storage);
  expect([again.ran, again.value]).toEqual([["last"], 81]);
  expect(again.plan.steps.at(-1)?.message).toBe(
    "`last` will run again: it can not be cached by content, because Input `array` has no content to compare: " +
      "$ is an instance of the class ChunkedArray.",
  );
  const changed = await planAndRun(build(11), storage);
  expect([changed.ran, changed.value]).toEqual([["squares", "last"], 100]);
});

Deno.test("A function whose source can not be read needs a version", async () => {
  const storage = new MemoryStorage();
  const plain = () => task(Math.abs, { name: "abs" })(-1).setName("abs");
  await workflowOf(plain(), storage).run();
  const { steps } = await workflowOf(plain(), storage).plan();
  expect(steps[0]?.message).toMatch(/`abs` will run again: .*give the task a `version`/);
  const versioned = () => task(Math.abs, { name: "abs", version: "1" })(-1).setName("abs");
  await workflowOf(versioned(), storage).run();
  expect(actions(await workflowOf(versioned(), storage).plan())).toEqual({ abs: "stored" });
});

Deno.test("A result that was stored by name has no record of what it was made from", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage, "name");
  const { plan, ran: again } = await planAndRun(pipeline(), storage, "content");
  expect(messages(plan)).toEqual(
    ["load", "clean", "fit"].map((name) =>
      `\`${name}\` will run again: it was stored without a record of what it was made from.`
    ),
  );
  expect(again).toEqual(["load", "clean", "fit"]);
});

Deno.test("A removed result is missing; a damaged one is stale, and says what is wrong", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage);
  await storage.removeTask("plan", { taskName: "clean" });
  const removed = await planAndRun(pipeline(), storage);
  expect(actions(removed.plan)).toEqual({ load: "stored", clean: "run", fit: "maybe" });
  expect(removed.ran).toEqual(["clean"]);
  for await (const { key } of storage.objects.list("")) {
    if (key.endsWith("/clean")) await storage.objects.put(key, (await storage.objects.get(key)).slice(0, -1));
  }
  const damaged = await planAndRun(pipeline(), storage);
  expect(actions(damaged.plan)).toEqual({ load: "stored", clean: "stale", fit: "maybe" });
  expect(damaged.plan.steps[1]?.message).toMatch(/`clean` will run again: what is stored is damaged \(.*bytes/);
  expect(damaged.ran).toEqual(["clean"]);
});

Deno.test("verify reads all, and finds what only reading finds", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline({ rows: Array.from({ length: 1_000 }, (_, i) => i) }), storage);
  for await (const { key } of storage.objects.list("")) {
    if (!key.endsWith("/clean")) continue;
    const bytes = await storage.objects.get(key);
    await storage.objects.put(key, bytes.with(bytes.length - 200, bytes[bytes.length - 200]! ^ 0xff));
  }
  const workflow = workflowOf(pipeline({ rows: Array.from({ length: 1_000 }, (_, i) => i), rate: 2 }), storage);
  const { steps } = await workflow.plan({ verify: true });
  expect(steps[1]).toMatchObject({ name: "clean", action: "stale", reasons: [{ kind: "damaged" }] });
  ran = [];
  const run = await workflow.start();
  expect(await run.result()).toBe(2_000);
  expect(ran).toEqual(["clean", "fit"]);
  const events = await Array.fromAsync(run.events());
  expect(events.filter(({ event }) => event === "warning").length).toBe(1);
});

Deno.test("A node that hangs on a condition may be skipped, and what depends on it too", async () => {
  const storage = new MemoryStorage();
  const build = (n: number, cache: CacheMode = "content") =>
    namingScope(() => {
      const size = task((n: number) => n, { name: "size" })(n).setName("size");
      const small = task((n: number) => (ran.push("small"), n), { name: "small", cache })(1).when(size, (n) => n < 5)
        .setName("small");
      return task((n: number) => (ran.push("below"), n), { name: "below", cache: false })(small).setName("below");
    });
  const first = await planAndRun(build(1), storage);
  expect(messages(first.plan)).toEqual([
    "`size` will run: nothing is stored.",
    "`small` may run: nothing is stored and it hangs on the value of `size`.",
    "`below` may run: its cache is off and upstream `small` may run.",
  ]);
  expect(first.ran).toEqual(["small", "below"]);
  const again = await planAndRun(build(1), storage);
  expect(actions(again.plan)).toEqual({ size: "stored", small: "maybe", below: "maybe" });
  expect(again.ran).toEqual(["below"]);
  const workflow = workflowOf(build(9), storage);
  expect(actions(await workflow.plan())).toEqual({ size: "stale", small: "maybe", below: "maybe" });
  ran = [];
  await expect(workflow.run()).rejects.toThrow(/`below`.*skipped/);
  expect(ran).toEqual([]);
});

Deno.test("What nobody needs is neither computed nor read", async () => {
  const storage = new MemoryStorage();
  await planAndRun(pipeline(), storage, "name");
  await storage.removeTask("plan", { pattern: "{load,clean}" });
  const { plan, ran: again } = await planAndRun(pipeline(), storage, "name");
  expect(actions(plan)).toEqual({ load: "unneeded", clean: "unneeded", fit: "stored" });
  expect(again).toEqual([]);
  expect(await storage.listTasks("plan")).toEqual(["fit"]);
});

Deno.test("With the scope descendants every leaf is needed, not only the target", async () => {
  const storage = new MemoryStorage();
  const build = () =>
    namingScope(() => {
      const root = task(load, { name: "load" })([1, 2]).setName("load");
      task(clean, { name: "clean" })(root).setName("clean");
      return root;
    });
  for (const expected of [["load", "clean"], []]) {
    const workflow = new LocalWorkflow(build(), { workflowName: "plan", scope: "descendants" });
    workflow.setStorage(storage);
    ran = [];
    expect(await workflow.run()).toEqual([1, 2]);
    expect(ran).toEqual(expected);
  }
  await storage.removeTask("plan", { taskName: "clean" });
  const workflow = new LocalWorkflow(build(), { workflowName: "plan", scope: "descendants" });
  workflow.setStorage(storage);
  expect(actions(await workflow.plan())).toEqual({ load: "stored", clean: "run" });
});

Deno.test("An input that comes from parts of a result only counts where the part changed", async () => {
  const storage = new MemoryStorage();
  const build = (extra: string) =>
    namingScope(() => {
      const split = task((text: string) => ({ size: 3, text }), { name: "split" })(extra).setName("split");
      return task((n: number) => (ran.push("use"), n + 1), { name: "use" })(split.item("size")).setName("use");
    });
  await planAndRun(build("a"), storage);
  const { plan, ran: again, value } = await planAndRun(build("b"), storage);
  expect(actions(plan)).toEqual({ split: "stale", use: "maybe" });
  expect([again, value]).toEqual([[], 4]);
  const after = await workflowOf(build("b"), storage).plan();
  expect(after.steps[1]?.action === "stored" || after.steps[1]?.action === "maybe").toBe(true);
});

Deno.test("A plan of many nodes is made in linear time", async () => {
  const step = task((n: number) => n + 1, { name: "step" });
  const storage = new MemoryStorage();
  let node: Node<number> = step(0);
  for (let i = 1; i < 3_000; i++) node = step(node);
  const workflow = workflowOf(node, storage);
  expect(await workflow.run()).toBe(3_000);
  const { steps } = await workflow.plan();
  expect(steps.every(({ action }) => action === "stored")).toBe(true);
  expect(steps.length).toBe(3_000);
});
