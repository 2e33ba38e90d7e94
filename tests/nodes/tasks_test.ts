import { expect } from "@std/expect";
import {
  ConfigError,
  GraphError,
  LocalWorkflow,
  namingScope,
  task,
  type TaskOptions,
  workflow,
} from "@fusewire/fusewire";

const add = task((a: number, b: number) => a + b, { name: "add" });

Deno.test("Calling a builder runs nothing", async () => {
  let calls = 0;
  const count = task(() => ++calls, { name: "count" });
  const node = count();
  expect(calls).toBe(0);
  expect(await new LocalWorkflow(node, { workflowName: "lazy" }).run()).toBe(1);
});

Deno.test("workflow is task under its Python name", async () => {
  expect(workflow).toBe(task);
  expect(await new LocalWorkflow(workflow((x: number) => x + 1)(1), { workflowName: "python" }).run()).toBe(2);
});

Deno.test("A node shows its function, arguments and parents", () => {
  const fn = (a: number, list: number[]) => a + list.length;
  const sum = task(fn);
  const [one, two] = [add(1, 2), add(3, 4)];
  const node = sum(one, [two, 5, one]);
  expect(node.func).toBe(fn);
  expect(node.args[0]).toBe(one);
  expect(Deno.inspect(node.args[1])).toBe(`[ Node<${two.name}>, 5, Node<${one.name}> ]`);
  expect(node.parents.map(({ name }) => name)).toEqual([one.name, two.name]);
  expect(node.parents[0]).toBe(one);
});

Deno.test("backendInfo is free to use, and every node has its own", () => {
  const [one, two] = [add(1, 2), add(3, 4)];
  one.backendInfo["colour"] = "red";
  expect(one.backendInfo).toEqual({ colour: "red" });
  expect(two.backendInfo).toEqual({});
});

Deno.test("What is no function or class is refused with a description of what it is", () => {
  const garbage: [value: unknown, shown: RegExp][] = [
    [undefined, /undefined/],
    [null, /null/],
    [42, /the number 42/],
    ["fit", /the string "fit"/],
    [{ call: 1 }, /an object of class Object/],
    [[1, 2], /an array of 2/],
    [Object.create(null), /an object/],
    [Symbol("s"), /symbol/],
    [add(1, 2), /object of class/],
  ];
  for (const [value, shown] of garbage) {
    expect(() => task(value as never)).toThrow(GraphError);
    expect(() => task(value as never)).toThrow(shown);
  }
});

Deno.test("Generator functions are refused with advice", () => {
  expect(() => task(function* numbers() {})).toThrow(GraphError);
  expect(() => task(function* numbers() {})).toThrow(/generator function `numbers`.*array/);
  expect(() => task(async function* later() {})).toThrow(/generator function `later`/);
  const methods = { *each() {} };
  expect(() => task(methods.each)).toThrow(/generator function `each`/);
});

Deno.test("Plain functions of every kind can be tasks", async () => {
  const object = {
    method(x: number): number {
      return x + 1;
    },
    async later(x: number): Promise<number> {
      return await Promise.resolve(x + 2);
    },
  };
  const old = function (x: number): number {
    return x + 3;
  };
  const bound = ((x: number, y: number): number => x + y).bind(undefined, 4);
  const nodes = [
    task(object.method)(1),
    task(object.later)(1),
    task(old)(1),
    task(bound)(1),
    task(Math.abs)(-6),
    task(parseInt)("7"),
  ];
  expect(await new LocalWorkflow(nodes, { workflowName: "kinds" }).run()).toEqual([2, 3, 4, 5, 6, 7]);
});

Deno.test("A class without a constructor can be a task", async () => {
  const Plain = task(
    class Plain {
      total = 1;
      grow(): number {
        return this.total *= 2;
      }
    },
  );
  const plain = Plain();
  plain.grow();
  expect(await new LocalWorkflow(plain.grow(), { workflowName: "plain" }).run()).toBe(4);
});

Deno.test("An empty class is an instance without methods", async () => {
  class Empty {}
  const value = await new LocalWorkflow(task(Empty)(), { workflowName: "empty" }).run();
  expect(value).toBeInstanceOf(Empty);
});

Deno.test("An option that can not be meant is refused where it is given, naming it and its value", () => {
  const wrong: [options: unknown, message: RegExp][] = [
    [{ timeout: 0 }, /`timeout`.* is 0/],
    [{ timeout: -5 }, /`timeout`.* is -5/],
    [{ timeout: NaN }, /`timeout`.* is NaN/],
    [{ timeout: "1s" }, /`timeout`.* is 1s/],
    [{ retry: { maxAttempts: 0 } }, /`retry\.maxAttempts`.* is 0/],
    [{ retry: { maxAttempts: 1.5 } }, /`retry\.maxAttempts`.* is 1\.5/],
    [{ retry: { initialDelay: -1 } }, /`retry\.initialDelay`.* is -1/],
    [{ retry: { maxDelay: NaN } }, /`retry\.maxDelay`.* is NaN/],
    [{ retry: { factor: -2 } }, /`retry\.factor`.* is -2/],
    [{ retry: { jitter: 1.1 } }, /`retry\.jitter`.* is 1\.1/],
    [{ cache: "always" }, /`cache`.* is always/],
    [{ cache: true }, /`cache`.* is true/],
    [{ onFailure: "ignore" }, /`onFailure`.* is ignore/],
    [{ concurrency: { key: "k", limit: 0 } }, /`concurrency\.limit`.* is 0/],
    [{ concurrency: { key: "k", limit: 1.5 } }, /`concurrency\.limit`.* is 1\.5/],
  ];
  const node = add(1, 2);
  const local = new LocalWorkflow(node, { workflowName: "options" });
  for (const [options, message] of wrong) {
    const given = options as TaskOptions;
    expect(() => task(() => 1, given)).toThrow(ConfigError);
    expect(() => task(() => 1, given)).toThrow(message);
    expect(() => node.with(given)).toThrow(message);
    expect(() => local.query("*").setOptions(given)).toThrow(message);
  }
});

Deno.test("A task with an unlimited number of attempts is allowed", () => {
  expect(namingScope(() => task(() => 1, { retry: { maxAttempts: Infinity } })().name)).toBe("task_0000");
});
