import { expect } from "@std/expect";
import {
  defineWorkflow,
  fromSchema,
  fromYaml,
  FusewireError,
  type Input,
  LocalWorkflow,
  map,
  SerializationError,
  subWorkflow,
  task,
  toSchema,
  toYaml,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import fc from "fast-check";
import { executableOf } from "../../src/engine/executable.ts";
import { taskOfBuilder } from "../../src/task_info.ts";
import { played } from "../control/played.ts";
import { code as everything, waiting } from "./fixture.ts";
import { anyDefinition, anyName, code } from "./random_workflows.ts";

Deno.test("A random workflow comes back from YAML with the same graph, options, hash and schema", async () => {
  let written = 0;
  let steps = 0;
  const kinds = new Set<string | undefined>();
  const conditions = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyDefinition, async (definition) => {
      const schema = await toSchema(definition, code);
      const yaml = await toYaml(definition, code);
      const back = await fromYaml(yaml, code);
      expect([back.name, back.version]).toEqual([definition.name, definition.version]);
      expect(await toSchema(back, code)).toEqual(schema);
      expect(await toYaml(back, code)).toBe(yaml);
      const [one, other] = [executableOf(definition), executableOf(back)];
      expect(other.definition).toEqual(one.definition);
      expect([other.queue, other.policies, other.timeout, other.hooks]).toEqual([
        one.queue,
        one.policies,
        one.timeout,
        one.hooks,
      ]);
      expect(other.graph.edges()).toEqual(one.graph.edges());
      expect(other.shape).toEqual(one.shape);
      expect(other.makers).toEqual(one.makers);
      for (const [place, node] of one.graph.members.entries()) {
        const { name: _, ...options } = one.optionsAt(place) ?? {};
        const { name: __, ...others } = other.optionsAt(place) ?? {};
        expect(withoutNothing(others)).toEqual(withoutNothing(options));
        expect(other.graph.members[place]!.args.length).toBe(node.args.length);
        const [control, again] = [one, other].map(({ graph }) => graph.extraAt(place)?.control);
        expect(again).toEqual(control?.kind === "map" ? { ...control, body: expect.anything() } : control);
        if (control?.kind === "map" && again?.kind === "map") {
          const { limits, settled, build } = control.body;
          expect([again.body.limits, again.body.settled]).toEqual([{
            ...limits,
            minSuccessRatio: Math.abs(limits.minSuccessRatio),
          }, settled]);
          expect(taskOfBuilder(again.body.build)?.func).toBe(taskOfBuilder(build)?.func);
          if (taskOfBuilder(build) === undefined) expect(again.body.build).toBe(build);
        }
      }
      const copy = await fromSchema(JSON.parse(JSON.stringify(schema)), code);
      expect(await toSchema(copy, code)).toEqual(schema);
      written++;
      steps += schema.steps.length;
      for (const { control, when = [] } of schema.steps) {
        kinds.add(control?.kind);
        for (const condition of when) Object.keys(condition).forEach((field) => conditions.add(field));
      }
    }),
    { numRuns: 300 },
  );
  expect(steps / written).toBeGreaterThan(3);
  expect([...kinds].toSorted()).toEqual([
    "anyOf",
    "approval",
    "branch",
    "initial",
    "map",
    "mapSettled",
    "optional",
    "repeatUntil",
    "sleep",
    "subWorkflow",
    "waitForSignal",
    undefined,
  ]);
  expect([...conditions].toSorted()).toEqual(["case", "cases", "of", "predicate", "until"]);
});

/** Options that say nothing are not written. */
function withoutNothing({ policies, ...options }: { readonly policies?: readonly unknown[] }): unknown {
  return policies === undefined || policies.length === 0 ? options : { ...options, policies };
}

Deno.test("Random workflows that come back give the same results", async () => {
  let succeeded = 0;
  await fc.assert(
    fc.asyncProperty(anyDefinition, async (definition) => {
      const input = { day: { part: [0, 1, 2, 3] }, deep: Array.from({ length: 10 }, () => true) };
      const ends = [];
      for (const each of [definition, await fromYaml(await toYaml(definition, code), code)]) {
        const clock = new VirtualClock({ start: 1 });
        const run = await new LocalWorkflow(each, { input, cache: false, clock }).start();
        const result = await played(clock, run.result()).catch((error: unknown) =>
          error instanceof FusewireError ? [error.code, error.node, error.message] : Promise.reject(error)
        );
        ends.push({ result, status: await run.status().then(({ id: _, ...status }) => status) });
      }
      const [one, other] = ends;
      expect(other!.result).toEqual(one!.result);
      const states = (
        { steps, status }: NonNullable<typeof one>["status"],
      ) => [status, steps.map((step) => [step.name, step.status])];
      expect(states(other!.status)).toEqual(states(one!.status));
      if (one!.status.status === "SUCCEEDED") succeeded++;
    }),
    { numRuns: 100 },
  );
  expect(succeeded).toBeGreaterThan(10);
});

Deno.test('FL29 schema to YAML to schema is equal, for names with `: # "` and unicode', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyName, { minLength: 3, maxLength: 3 }), async ([workflow, name, base]) => {
      const named = task((x: number) => x + 1, { name: base! });
      const definition = defineWorkflow(workflow!, { version: name! }, () => named(named(1)).setName(name!));
      const options = { tasks: Object.fromEntries([[base!, named]]) };
      const back = await fromYaml(await toYaml(definition), options);
      expect(await toSchema(back)).toEqual(await toSchema(definition));
      expect(await new LocalWorkflow(back, {}).run()).toBe(3);
    }),
    {
      examples: [[['a: "b" # c', "étape: #1 “ü” 🦕", 'x: # "y"']], [["__proto__", "constructor", "$node"]]],
      numRuns: 200,
    },
  );
});

Deno.test("A workflow of nodes has a schema too, with an empty version and its own options", async () => {
  const add = task((a: number, b: number) => a + b, { name: "add", timeout: 1_000 });
  const workflow = new LocalWorkflow([add(add(1, 2), 3)], { workflowName: "sum", cache: "content" });
  workflow.query("add_0000").setOptions({ retry: { maxAttempts: 2 } });
  const schema = await workflow.toSchema();
  expect(schema).toEqual({
    format: "fusewire/workflow/1",
    workflow: "sum",
    version: "",
    cache: "content",
    steps: [
      { name: "add_0000", task: "add", args: [1, 2], options: { retry: { maxAttempts: 2 }, timeout: 1_000 } },
      { name: "add_0001", task: "add", args: [{ $node: "add_0000" }, 3], options: { timeout: 1_000 } },
    ],
    targets: [{ $node: "add_0001" }],
    single: false,
  });
  expect(await toYaml(workflow)).toBe(await workflow.toYaml());
  const back = await fromYaml(await workflow.toYaml(), { tasks: { add } });
  expect(await toSchema(back)).toEqual(schema);
  expect(await new LocalWorkflow(back, {}).run()).toEqual([6]);
});

Deno.test("Each kind of control says what it is in few words", async () => {
  const schema = await toSchema(waiting, everything);
  const said = new Map(schema.steps.map(({ name, control, args }) => [name, { control, args }]));
  expect(schema.timeout).toBe(600_000);
  expect(said.get("map_0000")).toEqual({
    control: { kind: "map", body: { task: "parse" }, minSuccessRatio: 0.5 },
    args: [{ $input: ["texts"] }],
  });
  expect(said.get("map_0001")?.control).toEqual({ kind: "map", body: { function: "squareOf" }, concurrency: 2 });
  expect(said.get("mapSettled_0000")?.control).toEqual({ kind: "mapSettled", body: { task: "parse" } });
  expect(said.get("sleep_0000")).toEqual({ control: { kind: "sleep" }, args: [{ $input: ["ms"] }] });
  expect(said.get("sleep_0001")?.args).toEqual([{ $date: "1970-01-01T00:00:00.000Z" }]);
  expect(said.get("waitForSignal_0000")).toEqual({
    control: { kind: "waitForSignal", timeout: 500_000, schema: "payment" },
    args: ["paid"],
  });
  expect(said.get("approval_0000")).toEqual({ control: { kind: "approval" }, args: ["ship"] });
  expect(said.get("subWorkflow_0000")).toEqual({
    control: { kind: "subWorkflow", workflow: "words", version: "2" },
    args: [{ text: { $input: ["texts", 0] } }],
  });
  expect(said.get("initial_0000")).toEqual({ control: { kind: "initial" }, args: [3] });
  expect(said.get("repeat_0000")).toEqual({
    control: { kind: "repeatUntil", until: "isLarge", onLimit: "last" },
    args: [{ $node: "list_0000", item: [0] }, { $node: "list_0001", item: [0] }],
  });
  expect(schema.steps.find(({ name }) => name === "list_0001")?.when).toEqual([
    { of: { $node: "list_0000", item: [0] }, until: "isLarge" },
  ]);
});

Deno.test("The task of a map's body keeps its options, or has those that the schema says", async () => {
  const parse = task((text: string) => Number(text), { name: "parse", retry: { maxAttempts: 3 }, onFailure: () => 7 });
  const definition = defineWorkflow("body", { version: "1" }, (input: Input<string[]>) => map(input, parse));
  const schema = await toSchema(definition);
  const body = { task: "parse", options: { retry: { maxAttempts: 3 }, onFailure: { from: "task" } } };
  expect(schema.steps[0]!.control).toEqual({ kind: "map", body });
  expect(await toSchema(await fromSchema(schema, { tasks: { parse } }))).toEqual(schema);
  const read = await fromYaml(
    (await toYaml(definition)).replace("from: task", "function: eight"),
    { tasks: { parse: () => Promise.reject(new Error("no")) }, functions: { eight: () => 8 } },
  );
  const clock = new VirtualClock({ start: 1 });
  expect(await played(clock, new LocalWorkflow(read, { input: ["1", "2"], clock }).run())).toEqual([8, 8]);
  expect(clock.now()).toBeGreaterThan(1_000);
});

Deno.test("Two versions of a definition may be steps of one workflow", async () => {
  const show = task((...args: unknown[]) => args, { name: "show" });
  const versions = ["1", "2"].map((version) => defineWorkflow("part", { version }, () => show(version)));
  const definition = defineWorkflow(
    "whole",
    { version: "1" },
    () => show(...versions.map((part) => subWorkflow(part))),
  );
  const read = await fromYaml(await toYaml(definition), { tasks: { show }, workflows: versions });
  expect(await new LocalWorkflow(read, {}).run()).toEqual([["1"], ["2"]]);
  expect(executableOf(read).definition).toEqual(executableOf(definition).definition);
});

Deno.test("A schema is frozen throughout, and shares nothing with the workflow", async () => {
  const show = task((...args: unknown[]) => args, { name: "show", concurrency: { key: "k", limit: 1 } });
  const list = [1, { deep: [2] }];
  const schema = await toSchema(defineWorkflow("frozen", { version: "1" }, () => show(list)));
  const open: unknown[] = [schema];
  for (const part of open) {
    if (typeof part !== "object" || part === null) continue;
    expect(Object.isFrozen(part)).toBe(true);
    open.push(...Object.values(part));
  }
  expect(Object.isFrozen(list)).toBe(false);
  list.push(3);
  expect(schema.steps[0]!.args).toEqual([[1, { deep: [2] }]]);
});

Deno.test("A task may come back under another function, and without options of its own", async () => {
  const add = task((a: number, b: number) => a + b, { name: "add", retry: { maxAttempts: 3 } });
  const yaml = await toYaml(defineWorkflow("sum", { version: "1" }, () => add(1, 2)));
  const back = await fromYaml(yaml, { tasks: { add: (a: number, b: number) => a * b } });
  expect(await new LocalWorkflow(back, {}).run()).toBe(2);
  expect(await toYaml(back)).toBe(yaml);
});

Deno.test("A step whose schema says nothing of options has those of its task, and one that says some has these alone", async () => {
  const add = task((a: number, b: number) => a + b, { name: "add", retry: { maxAttempts: 3 }, timeout: 9 });
  const read = async (more: string): Promise<unknown> => {
    const yaml = `format: fusewire/workflow/1
workflow: w
version: "1"
steps: [{ name: a, task: add, args: [1, 2]${more} }]
targets: [{ $node: a }]
single: true`;
    return (await toSchema(await fromYaml(yaml, { tasks: { add } }))).steps[0]!.options;
  };
  expect(await read("")).toEqual({ retry: { maxAttempts: 3 }, timeout: 9 });
  expect(await read(", options: { timeout: 5 }")).toEqual({ timeout: 5 });
  expect(await read(", options: {}")).toEqual({});
});

Deno.test("Constants that stand in two places of a value come back as one", async () => {
  const same = task((pair: { a: unknown; b: unknown }) => pair.a === pair.b, { name: "same" });
  const shared = { x: 1 };
  const definition = defineWorkflow("same", { version: "1" }, () => same({ a: shared, b: shared }));
  const back = await fromYaml(await toYaml(definition), { tasks: { same } });
  expect(await new LocalWorkflow(back, {}).run()).toBe(true);
  const beside = defineWorkflow("same", { version: "1" }, () => same({ a: shared, b: [shared, same({ a: 1, b: 1 })] }));
  await expect(toSchema(beside)).rejects.toThrow(SerializationError);
});

Deno.test("Twenty thousand steps in a row go out and in again", async () => {
  const add = task((a: number, b: number) => a + b, { name: "add" });
  const definition = defineWorkflow("long", { version: "1" }, () => {
    let node = add(0, 1);
    for (let i = 1; i < 20_000; i++) node = add(node, 1);
    return node;
  });
  const yaml = await toYaml(definition);
  const back = await fromYaml(yaml, { tasks: { add } });
  expect(executableOf(back).definition).toEqual(executableOf(definition).definition);
});
