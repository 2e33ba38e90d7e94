import { expect } from "@std/expect";
import {
  FileStorage,
  LocalWorkflow,
  NotFoundError,
  type RunEvent,
  SerializationError,
  StepFailedError,
  task,
  type TaskStorage,
} from "@fusewire/fusewire";
import { Big, BigSerializer } from "../storage/big.ts";
import { filesBelow, testOnStorages, withFolder } from "./storages.ts";

/** A workflow of two nodes, the second of which reads the first, and how often its functions were called. */
function chain(storage: TaskStorage, workflowName: string, first: () => unknown = () => 1) {
  const calls: string[] = [];
  const a = task(() => {
    calls.push("a");
    return first();
  }, { name: "a" })().setName("a");
  const b = task((of: unknown) => {
    calls.push("b");
    return [of];
  }, { name: "b" })(a).setName("b");
  const workflow = new LocalWorkflow(b, { workflowName });
  workflow.setStorage(storage);
  return { workflow, calls, a, b };
}

testOnStorages("FF3 results are kept: a chain of two makes two calls over two runs", async (storage) => {
  const { workflow, calls } = chain(storage, "FF3");
  expect(await workflow.run()).toEqual([1]);
  expect(await workflow.run()).toEqual([1]);
  expect(calls).toEqual(["a", "b"]);
  const rebuilt = chain(storage, "FF3");
  expect(await rebuilt.workflow.run()).toEqual([1]);
  expect(rebuilt.calls).toEqual([]);
});

Deno.test("FF3 results are kept: a fresh process that builds the graph anew calls nothing", () =>
  withFolder(async (path) => {
    const run = async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", import.meta.resolve("./fresh_process_fixture.ts"), path],
      }).output();
      if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    expect(await run()).toEqual({ sum: 6, rows: [1, 2, 3], at: 0, calls: 2 });
    expect(await run()).toEqual({ sum: 6, rows: [1, 2, 3], at: 0, calls: 0 });
  }));

testOnStorages("FF4 a stored null, undefined, false, 0 or NaN is honoured", async (storage) => {
  for (const [i, value] of [null, undefined, false, 0, "", NaN, -0].entries()) {
    const { workflow, calls } = chain(storage, `FF4 ${i}`, () => value);
    expect(await workflow.run()).toStrictEqual([value]);
    expect(await workflow.run()).toStrictEqual([value]);
    expect(calls).toEqual(["a", "b"]);
  }
});

testOnStorages(
  "FF5 after a failure the store holds what succeeded, and the next run runs only the rest",
  async (storage) => {
    let broken = true;
    const calls: string[] = [];
    const a = task(() => calls.push("a"), { name: "a" })().setName("a");
    const b = task((n: number) => {
      calls.push("b");
      if (broken) throw new RangeError("boom");
      return n + 1;
    }, { name: "b" })(a).setName("b");
    const workflow = new LocalWorkflow(b, { workflowName: "FF5" });
    workflow.setStorage(storage);
    await expect(workflow.run()).rejects.toThrow(StepFailedError);
    expect(await storage.listTasks("FF5")).toEqual(["a"]);
    broken = false;
    expect(await workflow.run()).toBe(2);
    expect(calls).toEqual(["a", "b", "b"]);
    expect(await storage.listTasks("FF5")).toEqual(["a", "b"]);
  },
);

testOnStorages("FF9 logged nodes run every time and are never listed", async (storage) => {
  const { workflow, calls } = chain(storage, "FF9");
  workflow.logNodes("a");
  await workflow.run();
  await workflow.run();
  expect(calls.filter((name) => name === "a").length).toBe(2);
  expect(calls.filter((name) => name === "b").length).toBe(1);
  expect(await storage.listTasks("FF9")).toEqual(["b"]);
});

testOnStorages("FF10 with alwaysRead a reader gets the value as read back: equal, not identical", async (storage) => {
  const made: unknown[] = [];
  const read: unknown[] = [];
  const build = (name: string) => {
    const a = task(() => {
      const value = { list: [1, 2, 3] };
      made.push(value);
      return value;
    }, { name: "a" })();
    const b = task((value: unknown) => void read.push(value), { name: "b" })(a);
    const workflow = new LocalWorkflow(b, { workflowName: name });
    workflow.setStorage(storage);
    return workflow;
  };
  await build("FF10 off").run();
  expect(read[0]).toBe(made[0]);
  storage.alwaysRead = true;
  await build("FF10 on").run();
  expect(read[1]).not.toBe(made[1]);
  expect(read[1]).toEqual(made[1]);
});

testOnStorages("FF11 tasks are listed by pattern, sorted, and removed by name or pattern", async (storage) => {
  for (const name of ["b1", "a2", "a1"]) await storage.save("FF11", name, name);
  expect(await storage.listTasks("FF11", "*")).toEqual(["a1", "a2", "b1"]);
  expect(await storage.listTasks("FF11")).toEqual(["a1", "a2", "b1"]);
  expect(await storage.listTasks("FF11", "a?")).toEqual(["a1", "a2"]);
  expect(await storage.listTasks("FF11", "[ab]1")).toEqual(["a1", "b1"]);
  expect(await storage.listTasks("unknown")).toEqual([]);
  await storage.removeTask("FF11", { pattern: "a*" });
  expect(await storage.listTasks("FF11")).toEqual(["b1"]);
  await expect(storage.removeTask("FF11", { taskName: "a1" })).rejects.toThrow(NotFoundError);
  await expect(storage.readTask("FF11", "a1")).rejects.toThrow(NotFoundError);
  await storage.removeWorkflow("unknown");
  await storage.removeWorkflow("FF11");
  expect(await storage.listTasks("FF11")).toEqual([]);
});

testOnStorages(
  "FF12 a serializer is found inside a value; its files are listed with nothing and removed with the task",
  async (storage) => {
    const serializer = new BigSerializer();
    storage.registerPersistentSerializers(serializer);
    const big = task(() => ({ x: [new Big(1), new Big(2)], n: 3 }), { name: "big" })().setName("big");
    const workflow = new LocalWorkflow(big, { workflowName: "FF12" });
    workflow.setStorage(storage);
    await workflow.run();
    expect(serializer.calls.filter((call) => call.startsWith("pickle"))).toEqual(["pickle 1", "pickle 2"]);
    const keys = async () => {
      const found: string[] = [];
      for await (const { key } of storage.objects.list("")) found.push(key);
      return found;
    };
    expect((await keys()).length).toBe(3);
    expect(await storage.listTasks("FF12")).toEqual(["big"]);
    expect(await workflow.run()).toEqual({ x: [new Big(1), new Big(2)], n: 3 });
    await storage.removeTask("FF12", { taskName: "big" });
    expect(await keys()).toEqual([]);
  },
);

Deno.test("FF12 reading without the serializer is a typed error that names it", () =>
  withFolder(async (path) => {
    const storage = new FileStorage({ path });
    storage.registerPersistentSerializers(new BigSerializer());
    await storage.save("FF12", "big", [new Big(1)]);
    const without = new FileStorage({ path });
    await expect(without.readTask("FF12", "big")).rejects.toThrow(SerializationError);
    await expect(without.readTask("FF12", "big")).rejects.toThrow(/"?big"?/);
  }));

Deno.test("FF18 a truncated, emptied or altered stored file is recomputed with a warning", () =>
  withFolder(async (path) => {
    const damage: [name: string, how: (bytes: Uint8Array) => Uint8Array][] = [
      ["truncated", (bytes) => bytes.slice(0, -3)],
      ["cut in its head", (bytes) => bytes.slice(0, 5)],
      ["empty", () => new Uint8Array()],
      ["longer", (bytes) => new Uint8Array([...bytes, 1, 2, 3])],
      ["altered", (bytes) => bytes.with(bytes.lastIndexOf(0x78), 0x79)],
      ["another file", () => new TextEncoder().encode("This is no result.\n")],
    ];
    for (const [name, how] of damage) {
      const storage = new FileStorage({ path });
      const { workflow, calls, a } = chain(storage, `FF18 ${name}`, () => ({ text: "x".repeat(100) }));
      const value = await workflow.run();
      for (const file of await filesBelow(path)) await Deno.writeFile(file, how(await Deno.readFile(file)));
      calls.length = 0;
      const run = await workflow.start();
      expect(await run.result()).toEqual(value);
      const warnings = (await Array.fromAsync(run.events())).filter(
        (event): event is RunEvent & { event: "warning" } => event.event === "warning",
      );
      expect(warnings.length).toBeGreaterThan(0);
      expect(warnings[0]?.message).toMatch(/`[ab]` in workflow `FF18 /);
      expect(calls.toSorted()).toEqual(["a", "b"]);
      expect(await storage.readTask(`FF18 ${name}`, a.name)).toEqual({ text: "x".repeat(100) });
      calls.length = 0;
      expect(await workflow.run()).toEqual(value);
      expect(calls).toEqual([]);
      await storage.removeWorkflow(`FF18 ${name}`);
    }
  }));

Deno.test("FF19 an unserialisable result is an error with the path of the value, and leaves nothing behind", () =>
  withFolder(async (path) => {
    class Opaque {
      readonly #inside = 1;
      get inside(): number {
        return this.#inside;
      }
    }
    const values: [value: unknown, where: RegExp][] = [
      [{ rows: [1, { f: () => 1 }] }, /rows\[1\]\.f/],
      [[new Opaque()], /\[0\]/],
      [new Map([["key", Symbol("s")]]), /key/],
      [new WeakMap(), /WeakMap/],
    ];
    const storage = new FileStorage({ path });
    for (const [value, where] of values) {
      const { workflow, calls } = chain(storage, "FF19", () => value);
      const error: unknown = await workflow.run().catch((error: unknown) => error);
      if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError is expected");
      expect(error.cause).toBeInstanceOf(SerializationError);
      expect(error.message).toMatch(where);
      expect(error.message).toMatch(/`a`/);
      expect(calls).toEqual(["a"]);
      expect(await storage.listTasks("FF19")).toEqual([]);
      expect(await filesBelow(path)).toEqual([]);
    }
  }));

const HOSTILE = [
  "x/y",
  "../evil",
  "bigdata",
  ".x",
  "CON",
  "con.txt",
  ".",
  "..",
  "a b",
  "A",
  "a",
  "trailing.",
  "trailing ",
  "%2F",
  "naïve 日本 🙂",
  "back\\slash",
  "*?[a]",
  "n".repeat(255),
  "🙂".repeat(63),
];

testOnStorages("FF20 hostile names are kept and listed unchanged, as workflow and as task", async (storage) => {
  for (const workflowName of HOSTILE) {
    await storage.save(workflowName, "task", workflowName);
  }
  for (const workflowName of HOSTILE) expect(await storage.readTask(workflowName, "task")).toBe(workflowName);
  const echo = task((name: string) => name, { name: "echo" });
  const nodes = HOSTILE.map((name) => echo(name).setName(name));
  const workflow = new LocalWorkflow(nodes, { workflowName: "../FF20" });
  workflow.setStorage(storage);
  expect(await workflow.run()).toEqual(HOSTILE);
  expect(await storage.listTasks("../FF20")).toEqual(HOSTILE.toSorted(byBytes));
  expect(await workflow.run()).toEqual(HOSTILE);
  for (const name of HOSTILE) await storage.removeTask("../FF20", { taskName: name });
  expect(await storage.listTasks("../FF20")).toEqual([]);
});

function byBytes(a: string, b: string): number {
  const [left, right] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return at < 0 ? left.length - right.length : left[at]! - (right[at] ?? -1);
}

testOnStorages("FF20 empty names, 256 bytes and control characters are refused", async (storage) => {
  for (const name of ["", "n".repeat(256), "é".repeat(128), "a\u0000", "a\nb", "\u007f", "\ud800"]) {
    await expect(storage.save("FF20", name, 1)).rejects.toThrow(/name/);
    await expect(storage.save(name, "task", 1)).rejects.toThrow(/name/);
    expect(() => new LocalWorkflow([], { workflowName: name })).toThrow(/name/);
    expect(() => task(() => 1)().setName(name)).toThrow(/name/);
  }
  expect(await storage.listTasks("FF20")).toEqual([]);
});

testOnStorages(
  "FA14 a content cache never takes other inputs or other code for the same, and null is cached",
  async (storage) => {
    const calls: string[] = [];
    const run = async (input: unknown, source: () => (of: unknown) => unknown): Promise<unknown> => {
      const work = task(source(), { name: "work" });
      const workflow = new LocalWorkflow(work(input).setName("work"), { workflowName: "FA14", cache: "content" });
      workflow.setStorage(storage);
      return await workflow.run();
    };
    const double = () => (of: unknown) => {
      calls.push("double");
      return of === null ? null : 2 * Number(of);
    };
    const triple = () => (of: unknown) => {
      calls.push("triple");
      return 3 * Number(of);
    };
    expect([await run(1, double), await run(1, double)]).toEqual([2, 2]);
    expect(calls).toEqual(["double"]);
    expect([await run("1", double), await run(2, double), await run(2, triple)]).toEqual([2, 4, 6]);
    expect(calls).toEqual(["double", "double", "double", "triple"]);
    calls.length = 0;
    expect([await run(null, double), await run(null, double), await run(undefined, double)]).toEqual([null, null, NaN]);
    expect(calls).toEqual(["double", "double"]);
  },
);
