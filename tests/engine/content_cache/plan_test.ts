import { expect } from "@std/expect";
import fc from "fast-check";
import {
  KvRuntimeStorage,
  KvWorkflow,
  MemoryObjectStore,
  MemoryRuntimeStorage,
  namingScope,
  type Node,
  openRuntime,
  type Runtime,
  task,
} from "@fusewire/fusewire";
import { MemoryKv } from "@fusewire/fusewire/testing";

const list = task((n: number) => [n, n + 1], { name: "list" });
const add = task((a: number, b: number) => a + b, { name: "add" });
const call = task((f: () => number) => f(), { name: "call" });
class Counter {
  add(n: number): number {
    return n;
  }
}
const makeCounter = task(Counter);
const large = task((n: number) => "x".repeat(n), { name: "large" });
const measure = task((text: string) => text.length, { name: "measure" });

/** Plans and runs; gives what the plan said. What it promised has to have come true. */
async function planAndRun(runtime: Runtime, build: () => Node<unknown> | readonly Node<unknown>[]): Promise<string[]> {
  const targets = namingScope(build);
  const workflow = new KvWorkflow(targets, { workflowName: "planned", runtime, cache: "content" });
  const { steps } = await workflow.plan();
  const run = await workflow.start();
  await run.result();
  const { steps: ran } = await run.status();
  for (const [i, { name, action }] of steps.entries()) {
    const { attempt, ...step } = ran[i]!;
    expect(step).toEqual({ name, status: "SUCCEEDED" });
    if (action !== "maybe") expect([name, action, attempt > 0]).toEqual([name, action, action !== "stored"]);
  }
  return steps.map(({ message }) => message);
}

Deno.test("The plan of a KvWorkflow says what stands for its nodes, what may, and why not", async () => {
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const build = (n: number) => () => {
    const numbers = list(n);
    const counted = makeCounter().add(1);
    return [
      add(numbers.item(0)!, 1),
      add(counted, 2),
      call(() => 3).with({ retry: { maxAttempts: 1 } }),
      add(1, 2).with({ cache: false }),
      add(5, 6).with({ cache: "name" }),
    ];
  };
  const always = [
    "`Counter_0000` will run: instances and their calls are never stored.",
    "`Counter.add_0000` will run: instances and their calls are never stored.",
  ];
  const others = [
    "`add_0001` may run: upstream `Counter.add_0000` will run.",
    "`call_0000` will run: it can not be cached by content, because Input `f` has no content to compare: $ is a function " +
    "and can not be kept; leave it out or register a serializer for its class.",
    "`add_0002` will run: its cache is off.",
    "`add_0003` will run: its cache is off.",
  ];
  const trimmed = (messages: string[]) =>
    messages.map((message) => message.replace(/(\$ is a function).*$/, "$1")).toSorted();
  const expected = (...messages: string[]) => trimmed([...always, ...others, ...messages]);
  const first = [
    "`list_0000` will run: nothing is stored.",
    "`add_0000` may run: upstream `list_0000` will run.",
  ];
  const second = [
    "`list_0000` is taken from the storage: its result is there.",
    "`add_0000` is taken from the storage: its result is there.",
  ];
  expect(trimmed(await planAndRun(runtime, build(1)))).toEqual(expected(...first));
  expect(trimmed(await planAndRun(runtime, build(1)))).toEqual(expected(...second));
  expect(trimmed(await planAndRun(runtime, build(2)))).toEqual(expected(...first));
});

Deno.test("The plan of a KvWorkflow sees damage, and with verify also in the object store", async () => {
  const storage = new MemoryObjectStore();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(new MemoryKv()), storage });
  const make = () =>
    namingScope(() => new KvWorkflow(measure(large(100_000)), { workflowName: "planned", runtime, cache: "content" }));
  const actions = async (options?: { verify: boolean }) =>
    (await make().plan(options)).steps.map(({ action }) => action);
  expect(await make().run()).toBe(100_000);
  expect(await actions({ verify: true })).toEqual(["stored", "stored"]);
  const [object] = await Array.fromAsync(storage.list("cached/"));
  const bytes = await storage.get(object!.key);
  await storage.put(object!.key, bytes.map((byte) => byte ^ 1));
  expect(await actions()).toEqual(["stored", "stored"]);
  expect(await actions({ verify: true })).toEqual(["stale", "maybe"]);
  await storage.put(object!.key, bytes.slice(1));
  expect(await actions()).toEqual(["stale", "maybe"]);
  await storage.delete(object!.key);
  const { steps } = await make().plan();
  expect(steps[0]!.message).toBe(
    "`large_0000` will run again: what is stored is damaged (the object store has lost it).",
  );
});

Deno.test("The plan of a KvWorkflow finds damage where the key of a step hangs on a part of it", async () => {
  const storage = new MemoryObjectStore();
  await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(new MemoryKv()), storage });
  const many = task((n: number) => Array.from({ length: n }, (_, i) => i), { name: "many" });
  const build = () => add(many(50_000).item(7)!, 1);
  expect((await planAndRun(runtime, build)).length).toBe(2);
  for (const { key } of await Array.fromAsync(storage.list("cached/"))) {
    await storage.put(key, (await storage.get(key)).map((byte) => byte ^ 1));
  }
  const [first, second] = await planAndRun(runtime, build);
  expect(first).toContain("`many_0000` will run again: what is stored is damaged");
  expect(second).toBe("`add_0000` may run: upstream `many_0000` will run.");
});

Deno.test("Whatever the graphs that share a store, a plan promises nothing that does not happen", async () => {
  const graphs = fc.array(
    fc.record({ a: fc.nat(3), b: fc.nat(9), kind: fc.constantFrom("add", "list", "item", "off") }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(graphs, { minLength: 2, maxLength: 4 }), async (all) => {
      await using runtime = await openRuntime({ runtimeStorage: new KvRuntimeStorage(new MemoryKv()) });
      for (const graph of [...all, ...all]) {
        await planAndRun(runtime, () => {
          const made: Node<number>[] = [];
          const input = (i: number): Node<number> | number => made[i % 10] ?? i;
          for (const { a, b, kind } of graph) {
            if (kind === "add") made.push(add(input(a), input(b)));
            if (kind === "list") made.push(add(list(input(a)).item(1)!, input(b)));
            if (kind === "item") made.push(add(1, list(b).item(0)!));
            if (kind === "off") made.push(add(input(a), input(b)).with({ cache: false }));
          }
          return made;
        });
      }
    }),
    { numRuns: 60 },
  );
});
