import {
  defineWorkflow,
  type Definition,
  type Input,
  LocalWorkflow,
  type Node,
  type NodeItem,
  type Query,
  type Ref,
  type Run,
  type RunStatus,
  type StandardSchema,
  type Status,
  task,
  type Value,
} from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

class Counter {
  total = 0;
  add(n: number): number {
    return this.total += n;
  }
}

const add = task((a: number, b: number) => a + b, { name: "add" });
const text = task(() => "a", { name: "text" });
const pair = task((): [number, string] => [1, "a"], { name: "pair" });
const counter = task(Counter)();
const options = { workflowName: "types" };

Deno.test("run() gives the value of one target, and of a tuple of targets one by one", () => {
  const one = new LocalWorkflow(add(1, 2), options);
  typeOf<ReturnType<typeof one.run>>().is<Promise<number>>();
  const several = new LocalWorkflow([add(1, 2), text(), pair().item(1)], options);
  typeOf<Awaited<ReturnType<typeof several.run>>>().is<[number, string, string]>();
  const tuple = new LocalWorkflow(pair(), options);
  typeOf<Awaited<ReturnType<typeof tuple.run>>>().is<[number, string]>();
  const object = new LocalWorkflow(counter, options);
  typeOf<Awaited<ReturnType<typeof object.run>>>().is<Counter>();
  const none = new LocalWorkflow([], options);
  typeOf<Awaited<ReturnType<typeof none.run>>>().is<[]>();
  const many = [1, 2].map((n) => add(n, n));
  const array = new LocalWorkflow(many, options);
  typeOf<Awaited<ReturnType<typeof array.run>>>().is<number[]>();
  refused(() => {
    // @ts-expect-error: not a node
    new LocalWorkflow(1, options);
    // @ts-expect-error: one of them is not a node
    new LocalWorkflow([add(1, 2), 3], options);
    // @ts-expect-error: a builder is not a node
    new LocalWorkflow(add, options);
    // @ts-expect-error: the name is missing
    new LocalWorkflow(add(1, 2), {});
    // @ts-expect-error: no such scope
    new LocalWorkflow(add(1, 2), { workflowName: "types", scope: "all" });
    // @ts-expect-error: nodes have no input
    new LocalWorkflow(add(1, 2), { workflowName: "types", input: 1 });
  });
});

Deno.test("Value is the value of references", () => {
  typeOf<Value<Node<number>>>().is<number>();
  typeOf<Value<NodeItem<string>>>().is<string>();
  typeOf<Value<[Node<number>, Ref<string>]>>().is<[number, string]>();
  typeOf<Value<readonly [Node<number>, Ref<string>]>>().is<[number, string]>();
  typeOf<Value<Node<boolean>[]>>().is<boolean[]>();
  typeOf<Value<Ref<number | undefined>>>().is<number | undefined>();
});

Deno.test("A run is typed like its workflow", async () => {
  const workflow = new LocalWorkflow([add(1, 2), text()], options);
  const run = await workflow.start();
  typeOf(run).is<Run<[number, string]>>();
  typeOf(await run.result()).is<[number, string]>();
  const status = await run.status();
  typeOf(status).is<RunStatus>();
  typeOf(status.status).is<Status>();
  typeOf<Status>().is<"PENDING" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED" | "SKIPPED">();
});

Deno.test("replaceFunc takes a function of the node's type", () => {
  const node = add(1, 2);
  const workflow = new LocalWorkflow(node, options);
  workflow.replaceFunc(node, (a: number, b: number) => a * b);
  workflow.replaceFunc(node, () => Promise.resolve(1));
  refused(() => {
    // @ts-expect-error: the node is one of a number
    workflow.replaceFunc(node, () => "a");
    // @ts-expect-error: not a function
    workflow.replaceFunc(node, 1);
    // @ts-expect-error: a name is not a node
    workflow.replaceFunc("add", () => 1);
  });
});

Deno.test("A query can be chained", () => {
  const query = new LocalWorkflow(add(1, 2), options).query("*").set("colour", "red").setOptions({ timeout: 10 })
    .setPlugin({ localInitialize: () => 1, remoteInitialize: (state: number) => void state }).setRemoteArgs({
      cpus: 2,
    });
  typeOf(query).is<Query>();
  typeOf(query.nodes).is<readonly Node<unknown>[]>();
  refused(() => {
    // @ts-expect-error: the state of the plugin is a number
    query.setPlugin({ localInitialize: () => 1, remoteInitialize: (state: string) => void state });
    // @ts-expect-error: no such option
    query.setOptions({ retries: 1 });
  });
});

Deno.test("A definition infers its input from the annotation and its result from the targets", () => {
  const report = defineWorkflow("report", { version: "1" }, (input: Input<{ day: string; top?: number }>) => {
    typeOf(input.day).is<NodeItem<string>>();
    typeOf(input.top).is<NodeItem<number | undefined>>();
    return task((day: string) => day.length)(input.day);
  });
  typeOf(report).is<Definition<{ day: string; top?: number }, number>>();
  const workflow = new LocalWorkflow(report, { input: { day: "monday" } });
  typeOf<Awaited<ReturnType<typeof workflow.run>>>().is<number>();
  const plain = defineWorkflow("plain", { version: "1" }, () => [add(1, 2), text()]);
  typeOf(plain).is<Definition<void, [number, string]>>();
  typeOf(new LocalWorkflow(plain, {})).is<LocalWorkflow<Definition<void, [number, string]>>>();
  refused(() => {
    // @ts-expect-error: the input is missing
    new LocalWorkflow(report, {});
    // @ts-expect-error: the day is a string
    new LocalWorkflow(report, { input: { day: 1 } });
    // @ts-expect-error: a definition needs a version
    defineWorkflow("none", {}, () => text());
    // @ts-expect-error: the input has no such key
    defineWorkflow("none", { version: "1" }, (input: Input<{ day: string }>) => text(input.night));
  });
});

Deno.test("A definition infers its input from a schema", () => {
  const schema: StandardSchema<{ day: string }, { day: Date }> = {
    "~standard": { version: 1, vendor: "test", validate: () => ({ value: { day: new Date(0) } }) },
  };
  const report = defineWorkflow("report", { version: "1", input: schema }, (input) => {
    typeOf(input.day).is<NodeItem<Date>>();
    return task((day: Date) => day.getTime())(input.day);
  });
  typeOf(report).is<Definition<{ day: string }, number>>();
  refused(() => {
    // @ts-expect-error: what goes into the schema is a string
    new LocalWorkflow(report, { input: { day: new Date(0) } });
  });
});
