import { expect } from "@std/expect";
import * as fc from "fast-check";
import { defineWorkflow, type Input, LocalWorkflow, NdArray, type Node, PoolWorkflow } from "@fusewire/fusewire";
import { add, named, pair, same, sub, total } from "../pool_fixtures/arithmetic.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "results", workers: 2 };

function diamond() {
  const s1 = add(1, 1);
  const s2 = add(s1, 1);
  const [low, high] = pair(s1, s2);
  const record = named(high);
  const deep = total({ of: [low, 10, record.item("list").item(1)], more: { at: record.item("value") } });
  return [sub(s1, s2), deep, record] as const;
}

poolTest("A diamond with items and deep arguments gives what it gives in process", async () => {
  const targets = diamond();
  const local = await new LocalWorkflow(targets, options).run();
  expect(local).toEqual([-1, 19, { value: 3, list: [3, 4] }]);
  expect(await new PoolWorkflow(targets, options).run()).toEqual(local);
});

poolTest("A pool runs the same graph again, and at once with itself and with the local backend", async () => {
  const targets = diamond();
  const pool = new PoolWorkflow(targets, options);
  const local = new LocalWorkflow(targets, options);
  const expected = await local.run();
  expect(await pool.run()).toEqual(expected);
  expect(await Promise.all([pool.run(), local.run(), pool.run()])).toEqual([expected, expected, expected]);
});

poolTest("A pool runs a definition with its input", async () => {
  const definition = defineWorkflow(
    "sums",
    { version: "1" },
    (input: Input<{ a: number; b: number }>) => add(input.a, input.b),
  );
  expect(await new PoolWorkflow(definition, { input: { a: 2, b: 3 }, workers: 1 }).run()).toBe(5);
});

poolTest("An empty list of targets needs no worker", async () => {
  expect(await new PoolWorkflow([], options).run()).toEqual([]);
});

poolTest("Values keep their kind on the way there and back", async () => {
  const ring: { self?: unknown; list: unknown[] } = { list: [1] };
  ring.self = ring;
  ring.list.push(ring.list);
  const shared = { n: 1 };
  const value = {
    nothing: undefined,
    none: null,
    minusZero: -0,
    nan: NaN,
    big: 10n ** 20n,
    date: new Date(1e12),
    pattern: /a(b)/gi,
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1, "2"])]]),
    holes: [1, , 3],
    ring,
    twice: [shared, shared],
    bytes: Uint8Array.of(1, 2, 3).subarray(1),
    view: new DataView(Uint8Array.of(0, 1, 2, 3).buffer, 1, 2),
    bare: Object.assign(Object.create(null), { a: 1 }),
    error: Object.assign(new RangeError("far", { cause: new TypeError("deep") }), { code: "E_FAR" }),
    table: new NdArray(Float64Array.of(1, 2, 3, 4), [2, 2]),
    flags: new NdArray(Uint8Array.of(0, 1), [2], { dtype: "bool" }),
  };
  const node: Node<typeof value> = same(value);
  const back = await new PoolWorkflow(same(node), options).run();
  expect(back.minusZero).toBe(-0);
  expect(back.ring.self).toBe(back.ring);
  expect(back.ring.list[1]).toBe(back.ring.list);
  expect(back.twice[0]).toBe(back.twice[1]);
  expect(back.holes).toEqual([1, , 3]);
  expect(1 in back.holes).toBe(false);
  expect(back.map).toEqual(value.map);
  expect([back.big, back.date, back.pattern, back.nan]).toEqual([value.big, value.date, value.pattern, NaN]);
  expect([...back.bytes]).toEqual([2, 3]);
  expect(back.view.getUint8(0)).toBe(1);
  expect(back.error).toBeInstanceOf(RangeError);
  expect([back.error.message, back.error.code]).toEqual(["far", "E_FAR"]);
  expect(back.error.cause).toBeInstanceOf(TypeError);
  expect(back.table).toBeInstanceOf(NdArray);
  expect([back.table.get(1, 0), back.table.dtype, back.flags.dtype]).toEqual([3, "float64", "bool"]);
  expect(Object.keys(back)).toEqual(Object.keys(value));
});

poolTest("Any data comes back equal, with whatever is shared in it", async () => {
  const leaf = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.bigInt(),
  );
  const array = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  const { data } = fc.letrec((tie) => ({
    data: fc.oneof(
      { maxDepth: 4 },
      leaf,
      array,
      fc.array(tie("data"), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie("data"), { maxKeys: 4 }),
      fc.array(fc.tuple(leaf, tie("data")), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(tie("data"), { maxLength: 3 }).map((items) => new Set(items)),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.array(data, { maxLength: 8 }), async (values) => {
      const twice = [...values, ...values];
      const back = await new PoolWorkflow(same(twice), { workflowName: "any", workers: 1 }).run();
      expect(back).toEqual(twice);
      values.forEach((value, i) => {
        if (typeof value === "object" && value !== null) expect(back[i]).toBe(back[i + values.length]);
      });
    }),
    { numRuns: 20 },
  );
});
