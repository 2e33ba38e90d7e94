/**
 * Versions of definitions: what is refused, and which worker runs what while a new version is rolled out.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  branch,
  ConfigError,
  defineWorkflow,
  type Definition,
  fromYaml,
  type Input,
  task,
  toYaml,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

const load = task((day: string) => day.length, { name: "load" });
const double = task((x: number) => 2 * x, { name: "double" });
const addOne = task((x: number) => x + 1, { name: "addOne" });
const pair = task((x: number) => [x, x] as const, { name: "pair" });

type Day = { readonly day: string };
const etl = (version: string, build: (input: Input<Day>) => ReturnType<typeof load>): Definition<Day, number> =>
  defineWorkflow("etl", { version }, build);

onEachStorage("FL28 what differs under a known version is named, wherever the definition comes from", async (world) => {
  const known = etl("1", (input) => addOne(double(load(input.day))));
  const changed: readonly [what: RegExp, definition: Definition<Day, unknown>][] = [
    [
      /step `addOne_0001` is new; .*its result is `addOne_0001`, and was `addOne_0000`/,
      etl("1", (input) => addOne(addOne(double(load(input.day))))),
    ],
    [
      /step `double_0000` is gone; `addOne_0000` now waits for `load_0000`; `addOne_0000` no longer waits for `double_0000`/,
      etl("1", (input) => addOne(load(input.day))),
    ],
    [/`load_0001` is new/, etl("1", (input) => addOne(double(load(input.day))).after(load(input.day)))],
    [
      /`addOne_0000` now waits for `load_0000`\. Give/,
      etl("1", (input) => {
        const first = load(input.day);
        return addOne(double(first)).after(first);
      }),
    ],
    [
      /its result is \[`addOne_0000`\], and was `addOne_0000`\. Give/,
      defineWorkflow("etl", { version: "1" }, (input: Input<Day>) => [addOne(double(load(input.day)))]),
    ],
    [
      /of another task, or take their values by other rules/,
      etl("1", (input) => double(addOne(load(input.day)).setName("double_0000")).setName("addOne_0000")),
    ],
  ];
  await using first = await world.process();
  await using second = await world.process();
  await first.runtime.start(known, { day: "mo" });
  for (const [what, definition] of changed) {
    const starts = await second.runtime.start(definition, { day: "mo" }).catch((error: unknown) => error);
    expect(starts).toBeInstanceOf(ConfigError);
    expect(String(starts)).toMatch(what);
    await expect(second.runtime.run(definition, { day: "mo" })).rejects.toThrow(what);
    await expect(second.runtime.worker([definition]).tick({ budgetMs: 100 })).rejects.toThrow(what);
  }
  const fifty = etl(
    "1",
    (input) => Array.from({ length: 50 }).reduce((x: ReturnType<typeof load>) => addOne(x), load(input.day)),
  );
  await expect(second.runtime.start(fifty, { day: "mo" })).rejects.toThrow(/and there are 4\d more differences\. Give/);
  // The refused ones have changed nothing: the same graph goes on.
  await expect(second.runtime.run(etl("1", (input) => addOne(double(load(input.day)))), { day: "mo" })).resolves.toBe(
    5,
  );
});

onEachStorage("FL28 other cases of a branch are another graph", async (world) => {
  const chosen = (cases: readonly ["a" | "b", "a" | "b"]) =>
    defineWorkflow("cases", { version: "1" }, (input: Input<Day>) => {
      const [one, other] = [double(1), double(2)];
      return branch(input.day, { [cases[0]]: () => one, [cases[1]]: () => other });
    });
  await using process = await world.process();
  await process.runtime.start(chosen(["a", "b"]), { day: "a" });
  await expect(process.runtime.start(chosen(["b", "a"]), { day: "a" })).rejects.toThrow("by other rules");
});

onEachStorage(
  "FL28 a run of version 2 waits for a worker that knows it, while one of version 1 is served",
  async (world) => {
    const v1 = etl("1", (input) => double(load(input.day)));
    const v2 = etl("2", (input) => addOne(double(load(input.day))));
    await using old = await world.process();
    await using fresh = await world.process();
    const second = await fresh.runtime.start(v2, { day: "mo" });
    const first = await old.runtime.start(v1, { day: "mo" });
    await using serving = new Serving(old, [v1]);
    expect(await first.result()).toBe(4);
    // Whatever else it is given, it leaves the run of version 2 alone.
    expect(await (await old.runtime.start(v1, { day: "tue" })).result()).toBe(6);
    expect(await second.status()).toMatchObject({ version: "2", status: "PENDING" });
    await serving.stop();
    await using _new = new Serving(fresh, [v2]);
    expect(await second.result()).toBe(5);
  },
);

onEachStorage(
  "FL28 a run of version 1 that was begun goes on at a worker that knows both, and new runs are of version 2",
  async (world) => {
    const gate = { isOpen: false };
    const calls: string[] = [];
    const wait = task((x: number) => {
      calls.push("wait");
      if (!gate.isOpen) throw new Error("not yet");
      return x;
    }, { name: "wait", retry: { maxAttempts: 1_000, initialDelay: 60_000, maxDelay: 60_000, factor: 1, jitter: 0 } });
    const counted = task((x: string) => {
      calls.push("counted");
      return x.length;
    }, { name: "counted" });
    const v1 = etl("1", (input) => wait(counted(input.day)));
    const v2 = etl("2", (input) => addOne(counted(input.day)));
    await using old = await world.process();
    const begun = await old.runtime.start(v1, { day: "mo" });
    {
      await using _serving = new Serving(old, [v1]);
      await until(() => calls.includes("wait"), "the second step of version 1");
    }
    await old[Symbol.asyncDispose]();
    gate.isOpen = true;
    await using rolled = await world.process();
    await using _serving = new Serving(rolled, [v1, v2]);
    const fresh = await rolled.runtime.start(v2, { day: "tue" });
    expect(await fresh.result()).toBe(4);
    expect(await fresh.status()).toMatchObject({ version: "2", status: "SUCCEEDED" });
    expect(await rolled.runtime.get(begun.id).status()).toMatchObject({ version: "1" });
    await world.skip(120_000);
    expect(await rolled.runtime.get(begun.id).result()).toBe(2);
    // What was committed before the change was not run again: once for each version.
    expect(calls.filter((call) => call === "counted").length).toBe(2);
  },
);

onEachStorage("FL28 a definition from YAML is the version that it says, on the same runs", async (world) => {
  const v1 = etl("1", (input) => double(load(input.day)));
  const yaml = await toYaml(v1);
  const tasks = { load, double, addOne, pair };
  await using starter = await world.process();
  await using reader = await world.process();
  const run = await starter.runtime.start(v1, { day: "mo" });
  await using _serving = new Serving(reader, [await fromYaml(yaml, { tasks })]);
  expect(await run.result()).toBe(4);
  const changed = await fromYaml(yaml.replace("task: double", "task: addOne"), { tasks });
  await expect(starter.runtime.start(changed, { day: "mo" })).rejects.toThrow("of another task");
});
