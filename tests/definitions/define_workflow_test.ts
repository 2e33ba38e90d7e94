import { expect } from "@std/expect";
import {
  ConfigError,
  context,
  defineWorkflow,
  GraphError,
  type Input,
  LocalWorkflow,
  MemoryStorage,
  type StandardSchema,
  task,
} from "@fusewire/fusewire";

const add = task((a: number, b: number) => a + b, { name: "add" });
const show = task((value: unknown) => value, { name: "show" });

interface Order {
  customer: { name: string; tags: string[] };
  amount: number;
  urgent?: boolean;
}
const order: Order = { customer: { name: "Ada", tags: ["new", "eu"] }, amount: 7 };

Deno.test("A definition runs with its input, under its own name or another", async () => {
  const sum = defineWorkflow(
    "sum",
    { version: "1" },
    (input: Input<{ a: number; b: number }>) => add(input.a, input.b),
  );
  expect([sum.name, sum.version]).toEqual(["sum", "1"]);
  const workflow = new LocalWorkflow(sum, { input: { a: 1, b: 2 } });
  expect(workflow.workflowName).toBe("sum");
  expect(await workflow.run()).toBe(3);
  const run = await workflow.start();
  expect(await run.result()).toBe(3);
  expect(await run.status()).toMatchObject({ workflow: "sum", version: "1" });
  expect(new LocalWorkflow(sum, { input: { a: 1, b: 2 }, workflowName: "other" }).workflowName).toBe("other");
});

Deno.test("The same definition with x = 1 and x = 2, also at once, gives 1 and 2", async () => {
  const echo = defineWorkflow("echo", { version: "1" }, (input: Input<{ x: number }>) => add(input.x, 0));
  const make = (x: number) => new LocalWorkflow(echo, { input: { x } });
  expect(await Promise.all([make(1).run(), make(2).run()])).toEqual([1, 2]);
  expect([await make(1).run(), await make(2).run()]).toEqual([1, 2]);
});

Deno.test("Every build names its nodes from 0000 on, and leaves the names of the script alone", () => {
  const twice = defineWorkflow("twice", { version: "1" }, () => add(add(1, 1), 1));
  const before = add(0, 0).name;
  const names = () => new LocalWorkflow(twice, {}).graph.nodes();
  expect(names()).toEqual(["add_0000", "add_0001"]);
  expect(names()).toEqual(["add_0000", "add_0001"]);
  expect(Number(add(0, 0).name.slice(4))).toBe(Number(before.slice(4)) + 1);
});

Deno.test("Parts of the input are arguments at any depth, and the whole input is one too", async () => {
  const parts = defineWorkflow("parts", { version: "1" }, (input: Input<Order>) => [
    show(input.customer.item("tags").item(1)),
    show({ name: input.customer.item("name"), list: [input.amount, add(input.amount, 1)] }),
    show(input),
    show([input, { input }]),
    show(input.urgent),
  ]);
  expect(await new LocalWorkflow(parts, { input: order }).run()).toEqual([
    "eu",
    { name: "Ada", list: [7, 8] },
    order,
    [order, { input: order }],
    undefined,
  ]);
});

Deno.test("A node can hang on a part of the input", async () => {
  const definition = defineWorkflow("when", { version: "1" }, (input: Input<Order>) => [
    add(input.amount, 1).when(input.urgent),
    add(input.amount, 2).when(input.amount, (amount) => amount > 5),
  ]);
  await expect(new LocalWorkflow(definition, { input: order }).run()).rejects.toThrow(/`add_0000`.*skipped/);
  expect(await new LocalWorkflow(definition, { input: { ...order, urgent: true } }).run()).toEqual([8, 9]);
});

Deno.test("Several targets, none, and no input", async () => {
  const several = defineWorkflow("several", { version: "1" }, () => [add(1, 1), show("x")]);
  expect(await new LocalWorkflow(several, {}).run()).toEqual([2, "x"]);
  const none = defineWorkflow("none", { version: "1" }, () => []);
  expect(await new LocalWorkflow(none, {}).run()).toEqual([]);
});

Deno.test("A key of the input may be called like a method, or be hostile", async () => {
  const hostile = defineWorkflow(
    "hostile",
    { version: "1" },
    (input: Input<Record<"item" | "path" | "label" | "constructor", string>>) => [
      show(input.item),
      show(input.path),
      show(input.label),
      show(input.constructor),
    ],
  );
  const input = { item: "i", path: "p", label: "l", constructor: "c" };
  expect(await new LocalWorkflow(hostile, { input }).run()).toEqual(["i", "p", "l", "c"]);
});

Deno.test("The input is no value before a run", () => {
  const build = (use: (input: Input<{ day: string }>) => unknown) =>
    defineWorkflow("use", { version: "1" }, (input: Input<{ day: string }>) => {
      use(input);
      return [];
    });
  const uses: ((input: Input<{ day: string }>) => unknown)[] = [
    (input) => `${input.day as unknown as string}`, // what a mistaken program would do
    (input) => Number(input),
    (input) => [...input as unknown as string], // what a mistaken program would do
    (input) => [...input.day as unknown as string], // what a mistaken program would do
  ];
  for (const use of uses) {
    expect(() => new LocalWorkflow(build(use), { input: { day: "monday" } })).toThrow(GraphError);
    expect(() => new LocalWorkflow(build(use), { input: { day: "monday" } })).toThrow(/`input(\.day)?` was/);
  }
});

Deno.test("An input that lacks what is looked into fails the run, and says where", async () => {
  const deep = defineWorkflow("deep", { version: "1" }, (input: Input<Order>) => show(input.customer.item("name")));
  const workflow = new LocalWorkflow(deep, { input: { amount: 1 } as never });
  await expect(workflow.run()).rejects.toThrow(/`input\.customer\.name` looks for "name" in undefined/);
});

const schema: StandardSchema<{ day: string }, { day: Date }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => {
      await Promise.resolve();
      const day = Reflect.get(Object(value), "day");
      if (typeof day !== "string") {
        return {
          issues: [{ message: "must be a text", path: ["day"] }, {
            message: "is incomplete",
            path: [{ key: "day" }, 0],
          }, { message: "no good" }],
        };
      }
      return { value: { day: new Date(day) } };
    },
  },
};
const weekday = task((day: Date) => day.getUTCDay(), { name: "weekday" });

Deno.test("A schema checks the input, and what it gives back is the input", async () => {
  const dated = defineWorkflow("dated", { version: "1", input: schema }, (input) => weekday(input.day));
  expect(await new LocalWorkflow(dated, { input: { day: "1970-01-01" } }).run()).toBe(4);
});

Deno.test("An input that the schema refuses is a ConfigError with all that is wrong, on run, start and plan", async () => {
  const dated = defineWorkflow("dated", { version: "1", input: schema }, (input) => weekday(input.day));
  const workflow = new LocalWorkflow(dated, { input: { day: 1 as never } });
  const message = /workflow `dated`.*day: must be a text; day\.0: is incomplete; no good/;
  for (const refused of [() => workflow.run(), () => workflow.start(), () => workflow.plan()]) {
    await expect(refused()).rejects.toThrow(ConfigError);
    await expect(refused()).rejects.toThrow(message);
  }
});

Deno.test("Policies, plugins and cache of a definition hold for its runs", async () => {
  const seen: string[] = [];
  const definition = defineWorkflow("options", {
    version: "1",
    cache: "content",
    policies: [{ onStart: ({ nodeName }) => void seen.push(`policy ${nodeName}`) }],
    plugins: [{ localInitialize: ({ nodeName }) => void seen.push(`plugin ${nodeName}`) }],
  }, (input: Input<{ a: number }>) => add(input.a, 1));
  const storage = new MemoryStorage();
  const run = async (a: number) => {
    const workflow = new LocalWorkflow(definition, { input: { a } });
    workflow.setStorage(storage);
    seen.length = 0;
    return await workflow.run();
  };
  expect(await run(1)).toBe(2);
  expect(seen).toEqual(["plugin add_0000", "policy add_0000"]);
  expect(await run(1)).toBe(2);
  expect(seen).toEqual([]);
  expect(await run(2)).toBe(3);
  expect(seen.length).toBe(2);
});

Deno.test("A plan names the part of the input that changed", async () => {
  const definition = defineWorkflow(
    "planned",
    { version: "1", cache: "content" },
    (input: Input<{ rate: number }>) => task((rate: number) => rate * 2, { name: "fit" })(input.rate),
  );
  const storage = new MemoryStorage();
  const make = (rate: number) => {
    const workflow = new LocalWorkflow(definition, { input: { rate } });
    workflow.setStorage(storage);
    return workflow;
  };
  await make(0.1).run();
  expect((await make(0.2).plan()).steps[0]?.message).toBe("`fit_0000` will run again: input `rate` changed 0.1 → 0.2.");
});

Deno.test("What is no definition is refused where it is made", () => {
  expect(() => defineWorkflow("", { version: "1" }, () => [])).toThrow(GraphError);
  expect(() => defineWorkflow("x", {} as never, () => [])).toThrow(/`x` has no version/);
  expect(() => defineWorkflow("x", { version: "" }, () => [])).toThrow(ConfigError);
  expect(() => defineWorkflow("x", { version: "1" }, undefined as never)).toThrow(/`x` has no function/);
  const asynchronous = defineWorkflow("x", { version: "1" }, (() => Promise.resolve([])) as never);
  expect(() => new LocalWorkflow(asynchronous, {})).toThrow(/asynchronous/);
  const garbage = defineWorkflow("x", { version: "1" }, (() => 7) as never);
  expect(() => new LocalWorkflow(garbage, {})).toThrow(/Workflow `x` was given the number 7 as a target/);
});

Deno.test("Nodes of the script can be used in a definition, under names that do not meet", async () => {
  const outside = add(1, 2).setName("outside");
  const definition = defineWorkflow("mixed", { version: "1" }, () => add(outside, 1));
  const workflow = new LocalWorkflow(definition, {});
  expect(workflow.graph.nodes()).toEqual(["outside", "add_0000"]);
  expect(await workflow.run()).toBe(4);
});

Deno.test("context() knows the definition's name", async () => {
  const who = defineWorkflow("who", { version: "1" }, () => task(() => context().workflowName)());
  expect(await new LocalWorkflow(who, {}).run()).toBe("who");
});
