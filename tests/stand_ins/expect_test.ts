import { expect, fn } from "@std/expect";

class Point {
  constructor(public x: number) {}
}
const fails = (): never => {
  throw new RangeError("too far");
};

/** A matcher that holds, and the same one where it does not: a matcher that can not fail would prove nothing in any other test. */
const pairs: Record<string, [holds: () => void, fails: () => void]> = {
  toBe: [() => expect(-0).toBe(-0), () => expect({}).toBe({})],
  toEqual: [() => expect({ a: [1], b: undefined }).toEqual({ a: [1] }), () => expect([1]).toEqual([2])],
  toStrictEqual: [() => expect([1]).toStrictEqual([1]), () => expect({ a: 1, b: undefined }).toStrictEqual({ a: 1 })],
  "toStrictEqual of classes": [
    () => expect(new Point(1)).toStrictEqual(new Point(1)),
    () => expect(new Point(1)).toStrictEqual({ x: 1 }),
  ],
  toMatchObject: [() => expect({ a: 1, b: 2 }).toMatchObject({ a: 1 }), () => expect({ a: 1 }).toMatchObject({ b: 1 })],
  toMatch: [() => expect("abc").toMatch(/b/), () => expect("abc").toMatch(/d/)],
  toContain: [() => expect("abc").toContain("b"), () => expect([{}]).toContain({})],
  toContainEqual: [() => expect([{ a: 1 }]).toContainEqual({ a: 1 }), () => expect([1]).toContainEqual(2)],
  toHaveLength: [() => expect([1]).toHaveLength(1), () => expect("ab").toHaveLength(1)],
  toHaveProperty: [() => expect({ a: { b: 1 } }).toHaveProperty("a.b", 1), () => expect({ a: 1 }).toHaveProperty("b")],
  toBeCloseTo: [() => expect(0.1 + 0.2).toBeCloseTo(0.3, 10), () => expect(0.31).toBeCloseTo(0.3, 3)],
  toBeGreaterThan: [() => expect(2).toBeGreaterThan(1), () => expect(1).toBeGreaterThan(1)],
  toBeGreaterThanOrEqual: [() => expect(1).toBeGreaterThanOrEqual(1), () => expect(0).toBeGreaterThanOrEqual(1)],
  toBeLessThan: [() => expect(1).toBeLessThan(2), () => expect(1).toBeLessThan(1)],
  toBeLessThanOrEqual: [() => expect(1).toBeLessThanOrEqual(1), () => expect(2).toBeLessThanOrEqual(1)],
  toBeInstanceOf: [() => expect(new Point(1)).toBeInstanceOf(Point), () => expect({}).toBeInstanceOf(Point)],
  toBeDefined: [() => expect(null).toBeDefined(), () => expect(undefined).toBeDefined()],
  toBeUndefined: [() => expect(undefined).toBeUndefined(), () => expect(null).toBeUndefined()],
  toBeNull: [() => expect(null).toBeNull(), () => expect(undefined).toBeNull()],
  toBeNaN: [() => expect(NaN).toBeNaN(), () => expect(1).toBeNaN()],
  toBeTruthy: [() => expect([]).toBeTruthy(), () => expect(0).toBeTruthy()],
  toBeFalsy: [() => expect("").toBeFalsy(), () => expect("a").toBeFalsy()],
  toThrow: [() => expect(fails).toThrow(), () => expect(() => {}).toThrow()],
  "toThrow a class": [() => expect(fails).toThrow(RangeError), () => expect(fails).toThrow(TypeError)],
  "toThrow a message": [() => expect(fails).toThrow("too far"), () => expect(fails).toThrow("too near")],
  "toThrow a pattern": [() => expect(fails).toThrow(/far$/), () => expect(fails).toThrow(/near$/)],
  "toThrow an error": [
    () => expect(fails).toThrow(new RangeError("too far")),
    () => expect(fails).toThrow(new RangeError("too near")),
  ],
  not: [() => expect(1).not.toBe(2), () => expect(1).not.toBe(1)],
};

for (const [name, [holds, breaks]] of Object.entries(pairs)) {
  Deno.test(`expect ${name} passes where it holds and fails where it does not`, () => {
    holds();
    let error: unknown;
    try {
      breaks();
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof Error) || error.name !== "AssertionError") {
      throw new Error(`${name} did not fail`, { cause: error });
    }
  });
}

Deno.test("expect waits for promises", async () => {
  await expect(Promise.resolve(1)).resolves.toBe(1);
  await expect(Promise.resolve(1)).resolves.not.toBe(2);
  await expect(Promise.reject(new RangeError("too far"))).rejects.toThrow(RangeError);
  await expect(Promise.reject(new RangeError("too far"))).rejects.toBeInstanceOf(RangeError);
});

Deno.test("expect fails where a promise ends the other way", async () => {
  const wrong = await Promise.allSettled([
    expect(Promise.resolve(1)).resolves.toBe(2),
    expect(Promise.resolve(1)).rejects.toThrow(),
    expect(Promise.reject(new RangeError("too far"))).rejects.toThrow("too near"),
    expect(Promise.reject(new RangeError("too far"))).resolves.toBe(1),
  ]);
  expect(wrong.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
});

Deno.test("expect leads the message of a failure with the caller's own", () => {
  expect(() => expect(1, "the count").toBe(2)).toThrow("the count");
});

Deno.test("expect takes stand-ins for values", () => {
  expect({ id: 7, name: "abc", list: [1, 2], part: 0.3001, more: { x: 1, y: 2 } }).toEqual({
    id: expect.any(Number),
    name: expect.stringContaining("b"),
    list: expect.arrayContaining([2]),
    part: expect.closeTo(0.3),
    more: expect.objectContaining({ x: 1 }),
  });
  expect("abc").toEqual(expect.stringMatching(/^a/));
  expect("abc").toEqual(expect.not.stringContaining("d"));
  expect(null).not.toEqual(expect.anything());
  expect("7").not.toEqual(expect.any(Number));
});

Deno.test("fn records its calls and answers as its stubs do", () => {
  const add = fn((a: number, b: number) => a + b);
  expect(add).not.toHaveBeenCalled();
  expect(add(1, 2)).toBe(3);
  expect(add(3, 4)).toBe(7);
  expect(add).toHaveBeenCalledTimes(2);
  expect(add).toHaveBeenCalledWith(1, 2);
  expect(add).toHaveBeenLastCalledWith(3, 4);
  expect(add).toHaveBeenNthCalledWith(1, 1, 2);
  expect(add).toHaveReturnedTimes(2);
  expect(add).toHaveReturnedWith(3);
  expect(add).toHaveLastReturnedWith(7);
  expect(add).toHaveNthReturnedWith(1, 3);
  expect(() => expect(add).toHaveBeenCalledWith(9, 9)).toThrow();
  const inTurn = fn(() => 1, () => 2);
  expect([inTurn(), inTurn(), inTurn()]).toEqual([1, 2, undefined]);
});
