import { expect } from "@std/expect";
import { GraphError, LocalWorkflow, type Ref, StepFailedError, task } from "@fusewire/fusewire";

const pair = task((a: number, b: number): [number, number] => [a, b], { name: "pair" });
const add = task((a: number, b: number) => a + b, { name: "add" });
const report = task(() => ({ rows: [{ id: 7, tags: ["x", "y"] }], byName: { ada: 1 } as Record<string, number> }), {
  name: "report",
});

async function run<T>(target: Ref<T>): Promise<T> {
  return await new LocalWorkflow(target, { workflowName: "items" }).run();
}

async function failureOf(target: Ref<unknown>): Promise<Error> {
  const error = await run(target).then(() => undefined, (error: unknown) => error);
  if (!(error instanceof Error)) throw new TypeError("the run was expected to fail");
  return error;
}

Deno.test("An item stands for one part of the result, to any depth", async () => {
  expect(await run(report().item("rows").item(0).item("tags").item(1))).toBe("y");
  expect(await run(report().item("byName").item("ada"))).toBe(1);
  expect(report().item("rows").item(0).item("id").path).toEqual(["rows", 0, "id"]);
});

Deno.test("Items are arguments like nodes, alone and inside data", async () => {
  const node = pair(3, 4);
  expect(await run(add(node.item(0), node.item(1)))).toBe(7);
  const sum = task((of: { terms: number[] }) => of.terms.reduce((a, b) => a + b), { name: "sum" });
  expect(await run(sum({ terms: [node.item(0), 10, node.item(1)] }))).toBe(17);
});

Deno.test("A tuple result is destructured, and read by place", async () => {
  const node = pair(3, 4);
  const [left, right] = node;
  expect(await run(add(left, right))).toBe(7);
  expect(await run(add(node[0], node[1]))).toBe(7);
  const nested = task((): [number, [string, boolean]] => [1, ["a", true]], { name: "nested" })();
  const [, inner] = nested;
  expect(await run(inner.item(0))).toBe("a");
});

Deno.test("Destructuring skips places and can take up to 64 of them", async () => {
  const wide = task(() => Array.from({ length: 70 }, (_, i) => i), { name: "wide" })();
  const places = wide as unknown as Iterable<Ref<number>>; // the type forbids what is tried here
  const [, , third] = places;
  expect(await run(third!)).toBe(2);
  const iterator = places[Symbol.iterator]();
  for (let i = 0; i < 64; i++) expect(iterator.next().done).toBe(false);
  expect(() => iterator.next()).toThrow(GraphError);
});

Deno.test("Spreading or looping over a node throws, and says what to do instead", () => {
  const node = pair(1, 2);
  expect(() => [...node]).toThrow(/`pair_\d+`.*spread or looped.*item\(i\)/);
  expect(() => {
    for (const part of node) String(typeof part);
  }).toThrow(GraphError);
  expect(() => Math.max(...node as unknown as number[])).toThrow(GraphError); // the type forbids what is tried here
  expect(() => Array.from(node)).toThrow(GraphError);
  const inner = node.item(0) as unknown as Iterable<unknown>; // the type forbids what is tried here
  expect(() => [...inner]).toThrow(/Item `pair_\d+\[0\]`.*item\(i\)/);
});

Deno.test("A node, an item and an instance refuse to be used as a value", () => {
  class Box {}
  const things: [thing: unknown, named: RegExp][] = [
    [pair(1, 2), /Node `pair_\d+`/],
    [pair(1, 2).item(1), /Item `pair_\d+\[1\]`/],
    [task(Box)(), /Instance `Box_\d+`/],
  ];
  for (const [thing, named] of things) {
    const value = thing as string; // what a mistaken program would think
    expect(() => `${value}`).toThrow(GraphError);
    expect(() => `${value}`).toThrow(named);
    expect(() => value + "a").toThrow(/plain value/);
    expect(() => Number(value)).toThrow(/plain value/);
    expect(() => value > "a").toThrow(/plain value/);
    expect(() => ({ key: 1 })[value]).toThrow(/plain value/);
  }
});

Deno.test("A node shows its name on the console, and so does an item", () => {
  const node = pair(1, 2).setName("the pair");
  expect(Deno.inspect(node)).toBe("Node<the pair>");
  expect(Deno.inspect([node.item(0).item("a" as never)])).toBe('[ NodeItem<the pair[0]["a"]> ]');
});

Deno.test("An item out of an array's range fails the node that reads it", async () => {
  const list = task(() => [1, 2, 3], { name: "list" });
  for (const index of [3, -1, 1.5, NaN]) {
    const error = await failureOf(add(list().item(index), 1));
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error.message).toMatch(/`add_\d+`.*out of range.*`list_\d+` has 3 elements/);
    expect(error.cause).toBeInstanceOf(GraphError);
  }
  expect(await failureOf(add(task(() => new Float64Array(2))().item(2), 1))).toBeInstanceOf(StepFailedError);
});

Deno.test("An item out of range as a target fails the run", async () => {
  const error = await failureOf(task(() => [1])().item(5));
  expect(error.message).toMatch(/out of range/);
});

Deno.test("A key that an object does not have is undefined", async () => {
  expect(await run(report().item("byName").item("bob"))).toBe(undefined);
});

Deno.test("An item of nothing fails, and says what was looked for where", async () => {
  const nothing = task((): { a: { b: number } } => ({}) as never, { name: "nothing" });
  const error = await failureOf(add(nothing().item("a").item("b"), 1));
  expect(error.message).toMatch(/looks for "b" in undefined.*`nothing_\d+`/);
});

Deno.test("An item of a string, a Map or a typed array is what JavaScript gives", async () => {
  expect(await run(task(() => new Uint8Array([5, 6]))().item(1))).toBe(6);
  expect(await run(task(() => [1, 2])().item("length" as never))).toBe(2);
});
