import { expect } from "@std/expect";
import fc from "fast-check";
import { LocalWorkflow, MemoryStorage, namingScope, type Node, task } from "@fusewire/fusewire";

/** Changes one byte in the middle of a stored text, where only reading all of it can tell. */
async function spoil(storage: MemoryStorage, workflowName: string, task: string): Promise<void> {
  for await (const { key } of storage.objects.list("")) {
    if (!key.includes(`${workflowName}/`) || !key.endsWith(`/${task}`)) continue;
    const bytes = await storage.objects.get(key);
    await storage.objects.put(key, bytes.with(bytes.lastIndexOf(0x78), 0x79));
  }
}

/** More than is read of a record to look at its header. */
const LARGE = "x".repeat(20_000);

/** A short text that stands for all that a node was given. */
function digest(of: readonly unknown[]): string {
  let hash = 0;
  for (const char of JSON.stringify(of)) hash = (31 * hash + char.charCodeAt(0)) | 0;
  return String(hash);
}

const ran: string[] = [];
const step = task((name: string, ...of: unknown[]) => {
  ran.push(name);
  return `${name}(${digest(of)})${LARGE}`;
}, { name: "step" });
const stepLater = task(async (name: string, ...of: unknown[]) => {
  await new Promise((resolve) => setTimeout(resolve, name.length % 2));
  return `${name}(${digest(of)})${LARGE}`;
}, { name: "stepLater" });

Deno.test("Damage that is found on reading is an event, and what is needed to make the result again runs", async () => {
  const storage = new MemoryStorage();
  const a = step("a").setName("a");
  const b = step("b", a).setName("b");
  const c = step("c", b).setName("c");
  const workflow = new LocalWorkflow(c, { workflowName: "damage" });
  workflow.setStorage(storage);
  const value = await workflow.run();
  await spoil(storage, "damage", "c");
  expect((await workflow.plan()).steps.map(({ action }) => action)).toEqual(["stored", "stored", "stored"]);
  ran.length = 0;
  const run = await workflow.start();
  expect(await run.result()).toBe(value);
  expect(ran).toEqual(["c"]);
  const warnings = (await Array.fromAsync(run.events())).filter(({ event }) => event === "warning");
  expect(warnings).toMatchObject([{
    step: "c",
    message: expect.stringContaining("can not be read and will be made again"),
  }]);
  ran.length = 0;
  expect(await workflow.run()).toBe(value);
  expect(ran).toEqual([]);
  for (const name of ["a", "b", "c"]) await spoil(storage, "damage", name);
  expect(await workflow.run()).toBe(value);
  expect(ran).toEqual(["a", "b", "c"]);
});

Deno.test("A result that is removed between the plan of a run and its reading is made again", async () => {
  const storage = new MemoryStorage();
  const gate = task(() => storage.removeTask("damage", { pattern: "late" }), { name: "gate", cache: false })().setName(
    "gate",
  );
  const first = step("first").setName("first");
  const late = step("late", first).setName("late");
  const last = task((of: string, _gate: void) => of.length, { name: "last", cache: false })(late, gate).setName("last");
  const workflow = new LocalWorkflow(last, { workflowName: "damage", concurrency: 1 });
  workflow.setStorage(storage);
  const expected = await workflow.run();
  expect(await storage.listTasks("damage")).toEqual(["first", "late"]);
  ran.length = 0;
  expect(await workflow.run()).toBe(expected);
  expect(ran).toEqual(["late"]);
});

Deno.test("A node that waits for others does not start early because a stored one was read after all", async () => {
  const storage = new MemoryStorage();
  const read = step("read").setName("read");
  const slow = task(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return "slow";
  }, { name: "slow", cache: false })();
  const waits = task((of: string) => of, { name: "waits", cache: false })(slow).after(read);
  const damaged = step("damaged", read).setName("damaged");
  const workflow = new LocalWorkflow([waits, damaged], { workflowName: "damage" });
  workflow.setStorage(storage);
  const [, value] = await workflow.run();
  await spoil(storage, "damage", "damaged");
  ran.length = 0;
  const again = await workflow.run();
  expect(again[0]).toBe("slow");
  expect(again[1] === value).toBe(true);
  expect(ran).toEqual(["damaged"]);
});

Deno.test("A damaged result whose inputs fail is cancelled, or skipped with them", async () => {
  for (const onFailure of ["fail", "skip"] as const) {
    const storage = new MemoryStorage();
    let broken = false;
    const source = task(async () => {
      await Promise.resolve();
      if (broken) throw new Error("no source");
      return "source";
    }, { name: "source", cache: false, onFailure })().setName("source");
    const stored = step("stored", source).setName("stored");
    const below = step("below", stored).setName("below").with({ cache: false });
    const workflow = new LocalWorkflow([source, below], { workflowName: "damage", concurrency: 1 });
    workflow.setStorage(storage);
    await workflow.run();
    broken = true;
    await spoil(storage, "damage", "stored");
    ran.length = 0;
    const run = await workflow.start();
    await expect(run.result()).rejects.toThrow(onFailure === "fail" ? /no source/ : /skipped/);
    expect(ran).toEqual([]);
    const state = onFailure === "fail" ? "CANCELLED" : "SKIPPED";
    expect((await run.status()).steps).toMatchObject([{ name: "source" }, { status: state }, { status: state }]);
  }
});

Deno.test("However many results are damaged or gone, every run gives the same values and ends", async () => {
  class Counter {
    count = 0;
    next(...of: unknown[]): string {
      return `next(${++this.count}, ${digest(of)})`;
    }
  }
  const makeCounter = task(Counter);
  const spec = fc.record({
    links: fc.array(fc.record({ to: fc.nat(9), how: fc.constantFrom("argument", "deep", "item", "after") }), {
      maxLength: 3,
    }),
    kind: fc.constantFrom("step", "step", "later", "method", "not stored", "later, not stored"),
  });
  const trial = fc.record({
    specs: fc.array(spec, { minLength: 5, maxLength: 10 }),
    targets: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    harm: fc.array(fc.array(fc.tuple(fc.nat(9), fc.constantFrom("spoil", "remove")), { maxLength: 6 }), {
      minLength: 3,
      maxLength: 4,
    }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    content: fc.boolean(),
    alwaysRead: fc.boolean(),
  });
  let trials = 0;
  await fc.assert(
    fc.asyncProperty(trial, async ({ specs, targets, harm, concurrency, content, alwaysRead }) => {
      const storage = new MemoryStorage();
      storage.alwaysRead = alwaysRead;
      const workflowName = `trial${trials++}`;
      const nodes: Node<string>[] = [];
      const workflow = namingScope(() => {
        const counter = makeCounter();
        specs.forEach(({ links, kind }, i) => {
          const back = links.filter(({ to }) => to < i);
          const of = back.filter(({ how }) => how !== "after").map(({ to, how }) =>
            how === "deep" ? { deep: [nodes[to]] } : how === "item" ? nodes[to]!.item(0 as never) : nodes[to]
          );
          const node = kind === "method"
            ? counter.next(...of)
            : (kind.startsWith("later") ? stepLater : step)(`n${i}`, ...of);
          for (const { to, how } of back) if (how === "after") node.after(nodes[to]!);
          nodes.push(node.setName(`n${i}`).with(kind.endsWith("not stored") ? { cache: false } : {}));
        });
        return new LocalWorkflow(targets.map((i) => nodes[i % nodes.length]!), {
          workflowName,
          concurrency,
          cache: content ? "content" : "name",
        });
      });
      const expected = await workflow.run();
      workflow.setStorage(storage);
      expect(await workflow.run()).toEqual(expected);
      for (const blows of harm) {
        for (const [at, how] of blows) {
          const name = `n${at % specs.length}`;
          if (!await storage.fileExists(workflowName, name)) continue;
          if (how === "remove") await storage.removeTask(workflowName, { taskName: name });
          else await spoil(storage, workflowName, name);
        }
        const run = await workflow.start();
        expect(await run.result()).toEqual(expected);
        const { steps } = await run.status();
        expect(steps.filter(({ status }) => status !== "SUCCEEDED" && status !== "SKIPPED")).toEqual([]);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("Damage of a result with a name too long for a key is told in a large workflow too", async () => {
  const storage = new MemoryStorage();
  const long = "é".repeat(127);
  const nodes = Array.from({ length: 70 }, (_, i) => step(`${i}`).setName(i === 0 ? long : `n${i}`));
  const workflow = new LocalWorkflow(nodes, { workflowName: "long" });
  workflow.setStorage(storage);
  const values = await workflow.run();
  for await (const { key } of storage.objects.list("")) {
    if (key.includes("~")) await storage.objects.put(key, (await storage.objects.get(key)).subarray(0, 20));
  }
  ran.length = 0;
  expect((await workflow.plan()).steps.filter(({ action }) => action === "stale").map(({ name }) => name)).toEqual([
    long,
  ]);
  const run = await workflow.start();
  expect(await run.result()).toEqual(values);
  expect(ran).toEqual(["0"]);
  const warnings = (await Array.fromAsync(run.events())).filter(({ event }) => event === "warning");
  expect(warnings.length).toBe(1);
});
