import { expect } from "@std/expect";
import fc from "fast-check";
import { type KvEntryMaybe, type KvKey, type KvLike, MemoryKv } from "../../testing/mod.ts";
import { anyKey, anyListOptions, anySelector, anyValue, commonKey } from "./kv_arbitraries.ts";

/** A store under test. It numbers commits, so that versionstamps of two stores can be compared. */
class Subject {
  readonly #numbers = new Map<string | null, number>([[null, 0]]);
  readonly #stamps: (string | null)[] = [null];
  #cursor: string | undefined;

  constructor(readonly kv: KvLike) {}

  /** What an operation answers or fails with, comparable. */
  async outcome(operation: Operation): Promise<unknown> {
    try {
      return await this.#run(operation);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return `${error.constructor.name}: ${error.message}`;
    }
  }

  async #run(operation: Operation): Promise<unknown> {
    const { kv } = this;
    switch (operation.kind) {
      case "get":
        return this.#entry(await kv.get(operation.key));
      case "getMany":
        return (await kv.getMany<unknown[]>(operation.keys)).map((entry) => this.#entry(entry));
      case "set":
        return this.#number((await kv.set(operation.key, operation.value)).versionstamp);
      case "delete":
        return await kv.delete(operation.key);
      case "list": {
        const cursor = operation.goesOn ? this.#cursor : undefined;
        const options = cursor === undefined ? operation.options : { ...operation.options, cursor };
        const list = kv.list(operation.selector, options);
        const entries: unknown[] = [];
        for await (const entry of list) {
          entries.push(this.#entry(entry), list.cursor);
          this.#cursor = list.cursor;
          if (entries.length === operation.stopAfter) break;
        }
        return entries;
      }
      case "atomic": {
        const atomic = kv.atomic();
        for (const { key, age } of operation.checks) {
          atomic.check({ key, versionstamp: await this.#stampFor(key, age) });
        }
        for (const { key, value, remove } of operation.mutations) {
          if (remove) atomic.delete(key);
          else atomic.set(key, value);
        }
        const result = await atomic.commit();
        return result.ok ? this.#number(result.versionstamp) : "refused";
      }
    }
  }

  /** The versionstamp of an entry, or one from long ago, or that of no entry. */
  async #stampFor(key: KvKey, age: "now" | "none" | number): Promise<string | null> {
    if (age === "none") return null;
    return age === "now" ? (await this.kv.get(key)).versionstamp : this.#stamps[age % this.#stamps.length] ?? null;
  }

  #entry({ key, value, versionstamp }: KvEntryMaybe<unknown>): unknown {
    return { key, value, version: this.#numbers.get(versionstamp) };
  }

  #number(stamp: string): number {
    expect(stamp).toMatch(/^[0-9a-f]{20}$/);
    expect(stamp > (this.#stamps.at(-1) ?? "")).toBe(true);
    this.#numbers.set(stamp, this.#stamps.length);
    return this.#stamps.push(stamp);
  }
}

const age = fc.oneof(fc.constantFrom("now" as const, "now" as const, "none" as const), fc.nat(20));
const kind = <K extends string>(kind: K) => fc.constant(kind);
const anyOperation = fc.oneof(
  fc.record({ kind: kind("get"), key: commonKey }),
  fc.record({ kind: kind("getMany"), keys: fc.array(commonKey, { maxLength: 11 }) }),
  fc.record({ kind: kind("set"), key: commonKey, value: anyValue }),
  fc.record({ kind: kind("delete"), key: commonKey }),
  fc.record({
    kind: kind("list"),
    selector: anySelector,
    options: anyListOptions,
    goesOn: fc.boolean(),
    stopAfter: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: kind("atomic"),
    checks: fc.array(fc.record({ key: commonKey, age }), { maxLength: 3 }),
    mutations: fc.array(fc.record({ key: commonKey, value: anyValue, remove: fc.boolean() }), { maxLength: 4 }),
  }),
);
type Operation = typeof anyOperation extends fc.Arbitrary<infer T> ? T : never;

Deno.test("MemoryKv answers any sequence of operations as Deno.Kv does, errors included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyOperation, { maxLength: 60, size: "max" }), async (operations) => {
      using real = await Deno.openKv(":memory:");
      using memory = new MemoryKv();
      const [expected, actual] = [new Subject(real), new Subject(memory)];
      for (const operation of operations) {
        expect(await actual.outcome(operation)).toEqual(await expected.outcome(operation));
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("MemoryKv orders and gives back any keys as Deno.Kv does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyKey.filter((key) => key.length > 0), { minLength: 1, maxLength: 150, size: "max" }),
      fc.boolean(),
      async (keys, reverse) => {
        using real = await Deno.openKv(":memory:");
        using memory = new MemoryKv();
        const lists = await Promise.all([real, memory].map(async (kv: KvLike) => {
          for (const [i, key] of keys.entries()) await kv.set(key, i);
          for (const key of keys.slice(0, keys.length / 3)) await kv.delete(key);
          const found = await Array.fromAsync(kv.list({ prefix: [] }, { reverse, batchSize: 7 }));
          return found.map(({ key, value }) => [key, value]);
        }));
        expect(lists[1]).toEqual(lists[0]);
      },
    ),
    { numRuns: 60 },
  );
});
