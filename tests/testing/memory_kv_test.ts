import { expect } from "@std/expect";
import { type KvAtomicLike, type KvLike, MemoryKv } from "../../testing/mod.ts";

/** What a store answers or fails with. */
async function outcome(run: () => unknown): Promise<string> {
  try {
    return Deno.inspect(await run()).replaceAll(/[0-9a-f]{20}/g, "stamp");
  } catch (error) {
    return String(error);
  }
}

/** Runs the same on `Deno.Kv` and on `MemoryKv`. */
async function compare(run: (kv: KvLike) => unknown): Promise<string> {
  using real = await Deno.openKv(":memory:");
  using memory = new MemoryKv();
  const expected = await outcome(() => run(real));
  expect(await outcome(() => run(memory))).toBe(expected);
  return expected;
}

/** The largest number from 0 to 70,000 up to which `run` does not fail. */
async function largest(run: (n: number) => Promise<unknown>): Promise<number> {
  let [low, high] = [0, 70_000];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    await run(middle).then(() => low = middle, () => high = middle - 1);
  }
  return low;
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const atomicOf = (kv: KvLike, count: number, add: (atomic: KvAtomicLike, i: number) => unknown): KvAtomicLike => {
  const atomic = kv.atomic();
  for (let i = 0; i < count; i++) add(atomic, i);
  return atomic;
};

Deno.test("MemoryKv has the limits of Deno.Kv, and its errors", async () => {
  const long = (bytes: number) => ["x".repeat(bytes - 2)];
  const cases: [(kv: KvLike) => unknown, string][] = [
    [(kv) => kv.set(long(2048), 1), "stamp"],
    [(kv) => kv.set(long(2049), 1), "Key too large for write"],
    [(kv) => kv.delete(long(2049)), "Key too large for write"],
    [(kv) => kv.get(long(2048)), "null"],
    [(kv) => kv.get(long(2049)), "Key too large for read"],
    [(kv) => kv.watch([long(2049)]).cancel(), "undefined"],
    [(kv) => kv.watch([long(2050)]), "Key too large for read"],
    [(kv) => kv.list({ prefix: long(2048) }).next(), "done"],
    [(kv) => kv.list({ prefix: long(2049) }).next(), "Key too large for read"],
    [(kv) => kv.set([], 1), "key cannot be empty"],
    [(kv) => kv.set(["a"], new Uint8Array(65_536)), "stamp"],
    [(kv) => kv.set(["a"], new Uint8Array(65_537)), "Value too large"],
    [(kv) => kv.getMany(times(10, (i) => [i])), "null"],
    [(kv) => kv.getMany(times(11, (i) => [i])), "Too many ranges"],
    [(kv) => kv.watch(times(11, (i) => [i])), "Too many keys"],
    [(kv) => atomicOf(kv, 100, (a, i) => a.check({ key: [i], versionstamp: null })).commit(), "stamp"],
    [(kv) => atomicOf(kv, 101, (a, i) => a.check({ key: [i], versionstamp: null })).commit(), "Too many checks"],
    [(kv) => atomicOf(kv, 1000, (a, i) => a.set([i], i)).commit(), "stamp"],
    [(kv) => atomicOf(kv, 1001, (a, i) => a.delete([i])).commit(), "Too many mutations"],
    [(kv) => atomicOf(kv, 12, (a, i) => a.set([i], "x".repeat(65_500))).commit(), "stamp"],
    [(kv) => atomicOf(kv, 13, (a, i) => a.set([i], "x".repeat(65_500))).commit(), "Total mutation size too large"],
    [(kv) => atomicOf(kv, 41, (a, i) => a.set([...long(2000), i], i)).commit(), "Total key size too large"],
    [(kv) => atomicOf(kv, 41, (a, i) => a.check({ key: [...long(2000), i], versionstamp: null })).commit(), "stamp"],
    [(kv) => kv.atomic().check({ key: ["a"], versionstamp: "abc" }).commit(), "Invalid check"],
    [(kv) => kv.atomic().commit(), "stamp"],
    [(kv) => kv.set(["a"], () => 1), "could not be cloned"],
    [(kv) => kv.atomic().set(["a"], Symbol("x")), "could not be cloned"],
    [(kv) => kv.get([Symbol("x")]), "expected string, number"],
    [(kv) => kv.get([2n ** 2041n]), "more than 255 bytes"],
    [(kv) => kv.list({ prefix: ["a"] }, { cursor: "!!" }).next(), "invalid cursor"],
    [(kv) => kv.list({ prefix: ["a"] }).cursor, "Cannot get cursor"],
    [(kv) => kv.list({ start: ["b"], end: ["a"] }).next(), "Start key is greater"],
  ];
  for (const [run, message] of cases) expect(await compare(run)).toContain(message);
});

Deno.test("MemoryKv measures values as Deno.Kv does", async () => {
  const around: ((text: string) => unknown)[] = [
    (text) => text,
    (text) => ({ a: 1, b: [1, 2.5, "é", -5, 1e10, true, null, undefined, "ü\u4e00"], c: text }),
    (text) => [new Date(0), 10n, -(2n ** 70n), 0n, new Map([[1, {}]]), text],
    (text) => [new Uint8Array(5), text, new Uint8Array(200)],
    (text) => ["\u4e00\u4e00", "x", "\u4e00", text],
    (text) => [[1, , 3], { 5: 1, 4_000_000_000: 2, "01": 3 }, text],
    (text) => [64, -64, 63, 8191, 8192, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, -0, text],
  ];
  using real = await Deno.openKv(":memory:");
  using memory = new MemoryKv();
  for (const make of around) {
    const limit = (kv: KvLike) => largest((n) => kv.set(["a"], make("x".repeat(n))));
    expect(await limit(memory)).toBe(await limit(real));
  }
});

Deno.test("MemoryKv takes as many checks as it is told", async () => {
  using kv = new MemoryKv({ maxChecks: 10 });
  const commit = (count: number) => atomicOf(kv, count, (a, i) => a.check({ key: [i], versionstamp: null })).commit();
  expect((await commit(10)).ok).toBe(true);
  await expect(commit(11)).rejects.toThrow("Too many checks (max 10)");
});

Deno.test("MemoryKv shares nothing with who writes and who reads", async () => {
  using kv = new MemoryKv();
  const bytes = new Uint8Array([1]);
  const shared = { n: 1 };
  const value = { list: [1], bytes: new Uint8Array([1]), date: new Date(0), twice: [shared, shared] };
  const key = ["a", bytes];
  const atomic = kv.atomic().set(key, value).set(["bytes"], bytes);
  value.list.push(2);
  value.bytes[0] = 9;
  await atomic.commit();
  bytes[0] = 9;
  for (let i = 0; i < 2; i++) {
    const [entry] = await Array.fromAsync(kv.list<typeof value>({ prefix: ["a"] }));
    expect(entry?.key).toEqual(["a", new Uint8Array([1])]);
    expect(entry?.value).toEqual({ ...value, list: [1], bytes: new Uint8Array([1]) });
    expect(entry?.value.twice[0]).toBe(entry?.value.twice[1]);
    entry?.value.list.push(3);
    entry?.value.date.setTime(5);
    const read = await kv.get<Uint8Array>(["bytes"]);
    expect(read.value).toEqual(new Uint8Array([1]));
    read.value?.fill(7);
  }
});

Deno.test("MemoryKv keeps cycles, maps and errors as Deno.Kv does", async () => {
  const cycle: Record<string, unknown> = { map: new Map([[{ a: 1 }, new Set([1n])]]), re: /a/g };
  cycle["self"] = cycle;
  await compare(async (kv) => {
    await kv.set(["a"], [
      cycle,
      Object.create(null),
      new (class A {
        b = 1;
      })(),
    ]);
    return (await kv.get(["a"])).value;
  });
  const plain: Record<string, unknown> = { list: [1] };
  plain["same"] = plain["list"];
  plain["self"] = plain;
  await compare(async (kv) => {
    await kv.set(["a"], plain);
    return (await kv.get(["a"])).value;
  });
  const error = new RangeError("no", { cause: "why" });
  await compare(async (kv) => {
    await kv.set(["a"], error);
    return (await kv.get(["a"])).value;
  });
});

Deno.test("MemoryKv.list() reads each batch from the state of that time", async () => {
  const entries = await compare(async (kv) => {
    for (let i = 0; i < 6; i++) await kv.set([i], "old");
    const list = kv.list({ prefix: [] }, { batchSize: 2 });
    const values = [(await list.next()).value?.value];
    for (let i = 0; i < 6; i++) await kv.set([i], "new");
    await kv.delete([4]);
    for await (const { value } of list) values.push(value);
    return values;
  });
  expect(entries).toBe(`[ "old", "old", "new", "new", "new" ]`);
});

Deno.test("MemoryKv.list() reads no further after a batch that was not full", async () => {
  const keys = await compare(async (kv) => {
    for (let i = 0; i < 3; i++) await kv.set([i], i);
    const list = kv.list({ prefix: [] }, { batchSize: 2 });
    for (let i = 0; i < 3; i++) await list.next();
    await kv.set([3], 3);
    return [await list.next(), list.cursor];
  });
  expect(keys).toContain("done: true");
});

Deno.test("MemoryKv.asOf() reads earlier states, as far as they are kept", async () => {
  using kv = new MemoryKv({ history: 3 });
  for (let i = 1; i <= 5; i++) await kv.set(["n"], i);
  const values: unknown[] = [];
  for (let ago = 0; ago <= 4; ago++) values.push((await kv.asOf(ago).get(["n"])).value);
  expect(values).toEqual([5, 4, 3, 2, 2]);
  const old = kv.asOf(2);
  await kv.delete(["n"]);
  expect((await Array.fromAsync(old.list({ prefix: [] }))).map(({ value }) => value)).toEqual([3]);
  expect((await kv.get(["n"])).value).toBe(null);
  expect((await new MemoryKv().asOf(3).get(["n"])).value).toBe(null);
});

Deno.test("MemoryKv.watch() tells what changed, once for changes that come together", async () => {
  const seen = await compare(async (kv) => {
    const reader = kv.watch([["a"], ["b"]]).getReader();
    const values: unknown[] = [];
    const read = async () => values.push((await reader.read()).value?.map(({ value }) => value));
    await read();
    await kv.delete(["b"]);
    await kv.set(["a"], 1);
    await read();
    await kv.set(["other"], 1);
    const next = read();
    await kv.atomic().set(["a"], 2).delete(["b"]).set(["b"], 3).commit();
    await next;
    await reader.cancel();
    return values;
  });
  expect(seen).toBe("[ [ null, null ], [ 1, null ], [ 2, 3 ] ]");
});

Deno.test("MemoryKv fails after close() as Deno.Kv does", async () => {
  for (
    const run of [
      (kv: KvLike) => kv.get(["a"]),
      (kv: KvLike) => kv.set(["a"], 1),
      (kv: KvLike) => kv.atomic().commit(),
      (kv: KvLike) => kv.list({ prefix: [] }).next(),
      (kv: KvLike) => kv.close(),
      (kv: KvLike) => kv[Symbol.dispose](),
    ]
  ) {
    await compare((kv) => {
      kv.close();
      return run(kv);
    });
  }
  const kv = new MemoryKv();
  const reader = kv.watch([["a"]]).getReader();
  await reader.read();
  const next = reader.read();
  kv.close();
  expect((await next).done).toBe(true);
});
