import { expect } from "@std/expect";
import {
  ConfigError,
  defineWorkflow,
  fromYaml,
  InitializerPlugin,
  LocalWorkflow,
  map,
  type Node,
  type Ref,
  repeatUntil,
  RetryPolicy,
  SerializationError,
  type StandardSchema,
  subWorkflow,
  task,
  toSchema,
  toYaml,
  waitForSignal,
} from "@fusewire/fusewire";
import { MapBody } from "../../src/control/map_body.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const show = task((...args: unknown[]) => args, { name: "show" });

/** What a schema of some target is refused with. */
async function refusal(build: () => Node<unknown>): Promise<string> {
  const error: unknown = await toSchema(defineWorkflow("refused", { version: "1" }, build)).catch((error) => error);
  if (!(error instanceof SerializationError)) throw new TypeError(`It was not refused: ${String(error)}`);
  return error.message;
}

Deno.test("Code that has no name is refused, with the node and the option", async () => {
  const isBig = (x: number) => x > 10;
  expect(await refusal(() => add(1, 2).when(add(3, 4), isBig))).toContain(
    "predicate of a condition of node `add_0000`",
  );
  expect(await refusal(() => add(1, 2).with({ onFailure: () => 0 }))).toContain("`onFailure` of node `add_0000`");
  const retry = { retryIf: () => true };
  expect(await refusal(() => add(1, 2).with({ retry }))).toContain("`retry.retryIf` of node `add_0000`");
  expect(await refusal(() => add(1, 2).with({ policies: [new RetryPolicy()] }))).toContain(
    "`policies` of node `add_0000`",
  );
  const hooks = { beforeAll: () => 1, setup: () => 1 };
  expect(await refusal(() => add(1, 2).with({ hooks }))).toContain("`hooks` of node `add_0000`");
  await expect(toSchema(defineWorkflow("hooked", { version: "1", hooks }, () => add(1, 2)))).rejects.toThrow(
    "`hooks` of workflow `hooked`",
  );
  const odd = { pure: true, surprise: 1 };
  expect(await refusal(() => add(1, 2).with(odd))).toContain("`surprise` of node `add_0000`");
  const strange = { version: "1", surprise: 1 };
  await expect(toSchema(defineWorkflow("strange", strange, () => add(1, 2)))).rejects.toThrow(
    "`surprise` of workflow `strange`",
  );
});

Deno.test("Loops, maps, signals and runs within runs name the code that has no name", async () => {
  const ends = (x: number) => x > 10;
  const loop = () => repeatUntil(1, (x) => add(x, 1), { until: ends, maxIterations: 2 });
  expect(await refusal(loop)).toMatch(/`until` of the loop that node `add_0001` is in is code/);
  expect(await refusal(() => repeatUntil(1, (x) => add(x, 1), { until: ends, maxIterations: 1 }))).toContain(
    "`until` of node `repeat_0000`",
  );
  const body = (item: Ref<number>) => add(item, 1);
  expect(await refusal(() => show(map(show(1) as Ref<unknown> as Ref<number[]>, body)))).toContain(
    "The body of node `map_0000` is code, which a schema can only name",
  );
  const schema: StandardSchema<never, unknown> = {
    "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
  };
  expect(await refusal(() => show(waitForSignal("go", { schema })))).toMatch(
    /`schema` of node `waitForSignal_0000`.*inputs:/,
  );
  const other = task((a: number) => a, { name: "add" });
  expect(await refusal(() => show(add(1, 2), map(show(1) as Ref<unknown> as Ref<number[]>, other)))).toMatch(
    /Node `map_0000` is of a task `add`, and there is another task of that name/,
  );
  const part = () => defineWorkflow("part", { version: "1" }, () => add(1, 2));
  expect(await refusal(() => show(subWorkflow(part()), subWorkflow(part())))).toMatch(
    /Node `subWorkflow_0001` is a run of definition `part` of version "1", and there is another/,
  );
});

Deno.test("The graph that a map has in a run has no schema", async () => {
  const body = new MapBody((item) => show(item), false, { concurrency: Infinity, minSuccessRatio: 1 });
  const items = body.definition("pages", 2, { name: "crawl", version: "1" });
  await expect(toSchema(items)).rejects.toThrow("Node `pages` gathers the items of a map");
});

Deno.test("Constants that the default encoding can not keep are refused, with their node, argument and path", async () => {
  class Point {
    constructor(readonly x: number) {}
  }
  const cases: [unknown, string][] = [
    [new Point(1), "Point"],
    [() => 1, "function"],
    [Symbol("a"), "symbol"],
    [new Map([[1, new Point(1)]]), "Point"],
    [{ list: [1, { fn: () => 1 }] }, "function"],
    [new WeakMap(), "WeakMap"],
    [Promise.resolve(1), "Promise"],
  ];
  for (const [constant, named] of cases) {
    const message = await refusal(() => show(0, constant));
    expect(message).toContain("Argument 2 of node `show_0000`");
    expect(message).toContain(named);
    expect(await refusal(() => show(show(0), [show(1), constant]))).toContain("Argument 2 of node `show_0002`");
  }
  expect(await refusal(() => show(show({ a: 1 }).item(0 as never), show(1).item(Symbol("s") as never)))).toContain(
    "Symbol(s)",
  );
  const deep = (): unknown => {
    let part: unknown = show(1);
    for (let i = 0; i < 100; i++) part = [part];
    return part;
  };
  expect(await refusal(() => show([deep(), show(1)]))).toContain("deeper than 64 levels");
});

Deno.test("A deep constant without references is kept", async () => {
  let deep: unknown = 1;
  for (let i = 0; i < 1_000; i++) deep = [deep];
  const definition = defineWorkflow("deep", { version: "1" }, () => show(deep));
  const back = await fromYaml(await toYaml(definition), { tasks: { show } });
  const [result]: unknown[] = await new LocalWorkflow(back, {}).run() as unknown[];
  let depth = 0;
  for (let part = result; Array.isArray(part); part = part[0]) depth++;
  expect(depth).toBe(1_000);
});

Deno.test("Two tasks of one name are refused, as nobody could tell them apart", async () => {
  const other = task((a: number, b: number) => a * b, { name: "add" });
  expect(await refusal(() => add(other(1, 2), 3))).toContain("another task of that name");
  const fn = (a: number, b: number) => a + b;
  const [one, same] = [task(fn, { name: "fn" }), task(fn, { name: "fn", timeout: 5 })];
  const definition = defineWorkflow("same", { version: "1" }, () => one(same(1, 2), 3));
  const schema = await toSchema(definition);
  expect(schema.steps.map(({ options }) => options)).toEqual([{ timeout: 5 }, {}]);
  const back = await fromYaml(await toYaml(definition), { tasks: { fn: same } });
  expect(await toSchema(back)).toEqual(schema);
});

Deno.test("What was set on a workflow object alone is refused, not dropped", async () => {
  const make = () => new LocalWorkflow(add(1, 2), { workflowName: "set" });
  const refused = async (set: (workflow: ReturnType<typeof make>) => unknown): Promise<string> => {
    const workflow = make();
    set(workflow);
    const error: unknown = await workflow.toSchema().catch((error) => error);
    return error instanceof SerializationError ? error.message : "";
  };
  expect(await refused((w) => w.replaceFunc(w.findNodes()[0]!, () => 0))).toContain("replaceFunc()");
  expect(await refused((w) => w.logNodes())).toContain("logNodes()");
  expect(await refused((w) => w.setPlugin("*", new InitializerPlugin(() => {})))).toContain("setPlugin()");
  expect(await refused((w) => w.query().setRemoteArgs({ cpus: 1 }))).toContain("setRemoteArgs()");
  await expect(
    new LocalWorkflow(add(1, 2), { workflowName: "set", policies: [new RetryPolicy()] }).toSchema(),
  ).rejects.toThrow("`policies` of workflow `set`");
});

Deno.test("Policies, plugins and the schema of the input come back by their names", async () => {
  const policies = { again: new RetryPolicy({ maxAttempts: 2, initialDelay: 0 }) };
  const seen: string[] = [];
  const plugins = { init: new InitializerPlugin(() => void seen.push("init")) };
  const inputs = {
    number: {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "number" ? { value } : { issues: [{ message: "it is no number" }] },
      },
    },
  };
  const definition = defineWorkflow(
    "named",
    {
      version: "1",
      policies: [policies.again],
      plugins: [plugins.init],
      input: inputs.number,
      queue: "q",
      cache: false,
    },
    (input) => add(input, 1),
  );
  await expect(toSchema(definition)).rejects.toThrow("`input` of workflow `named`");
  await expect(toSchema(definition, { inputs })).rejects.toThrow("`policies` of workflow `named`");
  await expect(toSchema(definition, { inputs, policies })).rejects.toThrow("`plugins` of workflow `named`");
  const names = { policies, plugins, inputs };
  const yaml = await toYaml(definition, names);
  expect(await new LocalWorkflow(definition, { input: 1 }).toYaml(names)).toBe(yaml);
  const back = await fromYaml(yaml, { tasks: { add }, ...names });
  expect(await toSchema(back, names)).toMatchObject({
    input: "number",
    policies: ["again"],
    plugins: ["init"],
    queue: "q",
    cache: false,
  });
  expect(await new LocalWorkflow(back, { input: 1 }).run()).toBe(2);
  expect(seen).toEqual(["init"]);
  await expect(new LocalWorkflow(back, { input: "1" }).run()).rejects.toThrow("it is no number");
  await expect(fromYaml(yaml, { tasks: { add }, ...names, policies: {} })).rejects.toThrow("policies[0]");
});

Deno.test("What is no definition and no workflow has no schema", async () => {
  const made = { name: "x", version: "1", build: () => add(1, 2) };
  await expect(toSchema(made)).rejects.toThrow(ConfigError);
  await expect(toYaml(made)).rejects.toThrow(ConfigError);
});

Deno.test("A schema that takes too much text is refused when it is written, as it would be when it is read", async () => {
  const definition = defineWorkflow("large", { version: "1" }, () => show("x".repeat(17 * 1024 * 1024)));
  await expect(toYaml(definition)).rejects.toThrow("at most 16777216");
});
