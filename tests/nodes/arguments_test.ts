import { expect } from "@std/expect";
import fc from "fast-check";
import { LocalWorkflow, type Ref, task } from "@fusewire/fusewire";

const number = task((x: number) => x, { name: "number" });
const show = task((value: unknown) => value, { name: "show" });

async function run<T>(target: Ref<T>): Promise<T> {
  return await new LocalWorkflow(target, { workflowName: "arguments" }).run();
}

Deno.test("Nodes are found at any depth of plain arrays and objects", async () => {
  const value = await run(show({ a: [1, number(2), { b: [[number(3)]], c: number(4) }], d: null, e: undefined }));
  expect(value).toEqual({ a: [1, 2, { b: [[3]], c: 4 }], d: null, e: undefined });
});

Deno.test("An object without a prototype is plain too, and stays without", async () => {
  const bare: Record<string, unknown> = Object.create(null);
  bare["x"] = number(1);
  const value = await run(show(bare));
  expect(Object.getPrototypeOf(value)).toBe(null);
  expect({ ...Object(value) }).toEqual({ x: 1 });
});

Deno.test("Maps, Sets, dates, functions and objects of classes are passed whole", async () => {
  class Box {
    constructor(readonly inside: unknown) {}
  }
  const whole = [
    new Map([["a", 1]]),
    new Set([1]),
    new Date(0),
    () => 1,
    new Box(1),
    new Uint8Array(2),
    Symbol("s"),
    7n,
  ];
  const values = await run(show([...whole, number(1)]));
  if (!Array.isArray(values)) throw new TypeError("an array is expected");
  whole.forEach((value, i) => expect(values[i]).toBe(value));
  expect(values.at(-1)).toBe(1);
});

Deno.test("What a caller does to an argument that holds nodes after the call is not seen", async () => {
  const list: unknown[] = [number(1), 2];
  const inner = { deep: list as unknown };
  const node = show(inner);
  list.push(number(3));
  list[1] = 99;
  inner.deep = "changed";
  expect(await run(node)).toEqual({ deep: [1, 2] });
});

Deno.test("Each call gets argument data of its own, so that one that changes it does not disturb the next run", async () => {
  const grow = task((list: number[]) => list.push(0), { name: "grow" });
  const node = grow([number(1)]);
  expect([await run(node), await run(node)]).toEqual([2, 2]);
});

Deno.test("A parameter that is missing, undefined or null stays so", async () => {
  const count = task((...values: unknown[]) => values, { name: "count" });
  expect(await run(count())).toEqual([]);
  expect(await run(count(undefined, null))).toEqual([undefined, null]);
  expect(await run(count(number(1), undefined))).toEqual([1, undefined]);
});

Deno.test("Data that contains itself can be an argument, with nodes and without", async () => {
  const self: Record<string, unknown> = { name: "a" };
  self["self"] = self;
  expect(await run(show(self))).toBe(self);
  self["node"] = number(1);
  const value = Object(await run(show(self)));
  expect(value["self"]).toBe(value);
  expect([value["node"], value["name"]]).toEqual([1, "a"]);
});

Deno.test("What stands twice in an argument is one object in its value too", async () => {
  const shared = [number(1)];
  const value = await run(show([shared, shared, { shared }]));
  if (!Array.isArray(value)) throw new TypeError("an array is expected");
  expect(value[0]).toBe(value[1]);
  expect(value[2].shared).toBe(value[0]);
  expect(value[0]).toEqual([1]);
});

Deno.test("An argument nested 100,000 deep works, with a node at the bottom and without", async () => {
  const nest = (bottom: unknown): unknown => {
    let value = bottom;
    for (let i = 0; i < 50_000; i++) value = [{ inner: value }];
    return value;
  };
  const bottomOf = (value: unknown): unknown => {
    let inner = value;
    while (Array.isArray(inner)) inner = inner[0].inner;
    return inner;
  };
  const plain = nest("end");
  expect(await run(show(plain))).toBe(plain);
  expect(bottomOf(await run(show(nest(number(7)))))).toBe(7);
});

Deno.test("A key __proto__ in an argument is data, never a prototype", async () => {
  const crafted = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');
  for (const argument of [crafted, { ...crafted, node: number(1), ["__proto__"]: [number(2), { polluted: true }] }]) {
    const value = Object(await run(show(argument)));
    expect(Object.keys(value).sort()).toEqual(Object.keys(argument).sort());
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.polluted).toBe(undefined);
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
  }
  expect(Reflect.get({}, "polluted")).toBe(undefined);
});

Deno.test("A key __proto__ whose value holds a node gets the value of the node", async () => {
  const argument = { other: number(1), ["__proto__"]: { inner: [number(2)] } };
  const value = Object(await run(show(argument)));
  expect(Object.getOwnPropertyDescriptor(value, "__proto__")?.value).toEqual({ inner: [2] });
  expect(value.other).toBe(1);
});

Deno.test("Holes in arrays and symbol keys do not get in the way", async () => {
  // deno-lint-ignore no-sparse-arrays -- the hole is what is tested
  const value = await run(show([, number(1), , 2]));
  if (!Array.isArray(value)) throw new TypeError("an array is expected");
  expect(value.length).toBe(4);
  expect([value[1], value[3]]).toEqual([1, 2]);
  expect(0 in value).toBe(false);
  const key = Symbol("key");
  const keyed = Object(await run(show({ [key]: 1, node: number(2) })));
  expect([keyed[key], keyed.node]).toEqual([1, 2]);
});

Deno.test("A frozen argument can hold nodes", async () => {
  expect(await run(show(Object.freeze([Object.freeze({ n: number(1) })])))).toEqual([{ n: 1 }]);
});

Deno.test("One call takes many arguments", async () => {
  const sum = task((...terms: number[]) => terms.reduce((a, b) => a + b, 0), { name: "sum" });
  const terms = Array.from({ length: 5_000 }, (_, i) => i % 2 === 0 ? number(i) : i);
  expect(await run(sum(...terms))).toBe(4_999 * 5_000 / 2);
});

Deno.test("For any data, with nodes in place of some of its parts, the function gets that data", async () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined), fc.boolean());
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), tie("tree"), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, fc.infiniteStream(fc.boolean()), async (data, coins) => {
      const withNodes = (value: unknown): unknown => {
        if (coins.next().value === true) return show(value);
        if (Array.isArray(value)) return value.map(withNodes);
        if (typeof value !== "object" || value === null) return value;
        const copy: Record<string, unknown> = {};
        for (const [key, part] of Object.entries(value)) {
          Object.defineProperty(copy, key, {
            value: withNodes(part),
            enumerable: true,
            writable: true,
            configurable: true,
          });
        }
        return copy;
      };
      expect(await run(show(withNodes(data)))).toStrictEqual(data);
    }),
    { numRuns: 200 },
  );
});

Deno.test("A value that looks like a node's text is just a value", async () => {
  const value = "Node<number_0000>";
  expect(await run(show([value, { node: "number_0000" }]))).toEqual([value, { node: "number_0000" }]);
});

Deno.test("An argument that throws when it is read fails the call that was given it, at once", () => {
  const trap = {
    get bad(): number {
      throw new RangeError("do not touch");
    },
  };
  expect(() => show(trap)).toThrow(RangeError);
});

Deno.test("A function is given as many arguments as its builder, undefined ones too", async () => {
  const count = task((...args: unknown[]) => args.length, { name: "count" });
  const given: unknown[][] = [[], [undefined], [1, undefined], [undefined, undefined, undefined], Array(1_000).fill(0)];
  for (const args of given) {
    const node = count(...args);
    expect(node.args).toEqual(args);
    expect(await run(node)).toBe(args.length);
  }
});
