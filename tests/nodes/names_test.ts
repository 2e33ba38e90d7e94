import { expect } from "@std/expect";
import { GraphError, LocalWorkflow, namingScope, task } from "@fusewire/fusewire";

const add = task((a: number, b: number) => a + b, { name: "add" });
const double = task(function double(x: number): number {
  return 2 * x;
});

Deno.test("Names are counted per base from 0000", () => {
  const names = namingScope(() => [add(1, 2), double(1), add(3, 4), double(add(5, 6))].map(({ name }) => name));
  expect(names).toEqual(["add_0000", "double_0000", "add_0001", "double_0001"]);
});

Deno.test("The base of a name is the option, else the function's name, else task", () => {
  namingScope(() => {
    expect(task(() => 1, { name: "given" })().name).toBe("given_0000");
    expect(task(function named() {})().name).toBe("named_0000");
    expect(task(() => 1)().name).toBe("task_0000");
    const assigned = () => 1;
    expect(task(assigned)().name).toBe("assigned_0000");
    expect(task(class {})).toBeInstanceOf(Function);
  });
});

Deno.test("Two tasks of one base share the count", () => {
  namingScope(() => {
    const other = task((a: number, b: number) => a - b, { name: "add" });
    expect([add(1, 2).name, other(1, 2).name, add(1, 2).name]).toEqual(["add_0000", "add_0001", "add_0002"]);
  });
});

Deno.test("After 9999 the count goes on with more digits", () => {
  const last = namingScope(() => {
    for (let i = 0; i < 9_999; i++) double(i);
    return [double(1).name, double(2).name];
  });
  expect(last).toEqual(["double_9999", "double_10000"]);
});

Deno.test("A graph that is built again in a scope of its own gets the same names", () => {
  const build = () => double(add(double(1), 2));
  const first = namingScope(build);
  const second = namingScope(build);
  const names = (target: typeof first) => new LocalWorkflow(target, { workflowName: "names" }).graph.nodes();
  expect(names(first)).toEqual(["double_0000", "add_0000", "double_0001"]);
  expect(names(second)).toEqual(names(first));
});

Deno.test("Scopes can be nested, and the outer one goes on where it was", () => {
  namingScope(() => {
    expect(double(1).name).toBe("double_0000");
    expect(namingScope(() => double(1).name)).toBe("double_0000");
    expect(double(1).name).toBe("double_0001");
  });
});

Deno.test("A scope ends also when its function throws", () => {
  namingScope(() => {
    double(1);
    expect(() =>
      namingScope(() => {
        double(1);
        throw new RangeError("stop");
      })
    ).toThrow(RangeError);
    expect(double(1).name).toBe("double_0001");
  });
});

Deno.test("An asynchronous function is refused as a naming scope", () => {
  expect(() => namingScope(() => Promise.resolve(double(1)))).toThrow(GraphError);
  expect(() => namingScope(() => Promise.resolve(double(1)))).toThrow(/asynchronous.*synchronously/);
});

Deno.test("setName renames the node, chains, and leaves the count as it is", () => {
  namingScope(() => {
    const node = double(1).setName("two");
    expect([node.name, node.getName()]).toEqual(["two", "two"]);
    expect(node.setName("zwei").name).toBe("zwei");
    expect(double(2).name).toBe("double_0001");
    expect(double(3).with({ name: "drei" }).name).toBe("drei");
  });
});

Deno.test("A name may be anything of 1 to 255 UTF-8 bytes without control characters", () => {
  const hostile = [
    "x",
    "x/y",
    "../evil",
    "..",
    ".",
    ".x",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "a b",
    " ",
    "*",
    "naïve 日本 🙂",
    "%2e%2e",
    "__proto__",
    "constructor",
    "b".repeat(255),
    "é".repeat(127),
    "🙂".repeat(63),
  ];
  namingScope(() => {
    const nodes = hostile.map((name) => double(1).setName(name));
    expect(nodes.map(({ name }) => name)).toEqual(hostile);
    const workflow = new LocalWorkflow(nodes, { workflowName: "hostile" });
    expect(workflow.graph.nodes()).toEqual(hostile);
  });
});

Deno.test("Every hostile name runs, and its status bears it unchanged", async () => {
  const names = ["../evil", "__proto__", "constructor", "a/b", "toString", "🙂"];
  const nodes = names.map((name, i) => double(i).setName(name));
  const run = await new LocalWorkflow(nodes, { workflowName: "hostile" }).start();
  expect(await run.result()).toEqual([0, 2, 4, 6, 8, 10]);
  expect((await run.status()).steps.map(({ name }) => name)).toEqual(names);
});

Deno.test("Names that no store could keep are refused", () => {
  const refusedNames: [name: string, why: RegExp][] = [
    ["", /empty/],
    ["a".repeat(256), /256 UTF-8 bytes/],
    ["é".repeat(128), /256 UTF-8 bytes/],
    ["🙂".repeat(64), /256 UTF-8 bytes/],
    ["a\nb", /U\+000A/],
    ["\0", /U\+0000/],
    ["\u007f", /U\+007F/],
    ["a\u0085", /U\+0085/],
    ["\ud800", /surrogate/],
    ["a\udc00b", /surrogate/],
  ];
  const node = double(1);
  const { name: before } = node;
  for (const [name, why] of refusedNames) {
    expect(() => node.setName(name)).toThrow(GraphError);
    expect(() => node.setName(name)).toThrow(why);
    expect(() => node.with({ name })).toThrow(why);
    expect(() => task(() => 1, { name })).toThrow(why);
    expect(() => new LocalWorkflow(node, { workflowName: name })).toThrow(why);
  }
  expect(() => node.setName(7 as never)).toThrow(/is number/);
  expect(() => new LocalWorkflow(node, {} as never)).toThrow(GraphError);
  expect(node.name).toBe(before);
});

Deno.test("A base that leaves no room for the number is refused with the graph", () => {
  const long = task(() => 1, { name: "a".repeat(252) });
  expect(() => new LocalWorkflow(long(), { workflowName: "long" })).toThrow(/257 UTF-8 bytes/);
  expect(new LocalWorkflow(long().setName("short"), { workflowName: "long" }).graph.nodes()).toEqual(["short"]);
  const multibyte = task(() => 1, { name: "日".repeat(84) });
  expect(() => new LocalWorkflow(multibyte(), { workflowName: "long" })).toThrow(/257 UTF-8 bytes/);
});
