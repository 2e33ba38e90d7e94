import { expect } from "@std/expect";
import { ConflictError, InvalidKeyError, NotFoundError, UnavailableError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import type { Fault } from "../../../../testing/fault.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { bytesOf, keysOf } from "../../../../testing/object_store_fixture.ts";
import { randomFaults } from "../../../../testing/random_faults.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";
import { holdsNothingElse, ToldClock } from "./kv_bench.ts";

const KEYS = ["a", "a/b", "a/b/c", "d/e", "d/f"];

Deno.test("KvObjectStore keeps every object whole, apart and without garbage, whatever goes wrong with commits of two processes", async () => {
  for (let seed = 0; seed < 25; seed++) {
    using memory = new MemoryKv();
    const clock = new ToldClock();
    const random = new SeededRandom(`${seed}`);
    const rates = { fail: 0.03, lostReply: 0.06, twice: 0.1, locked: 0.1, delay: 0.2, maxDelay: 20 };
    const stores = [0, 1].map((i) => {
      const kv = new FaultyKv(memory, { clock, plan: randomFaults(random.fork(`${i}`), rates) });
      return new KvObjectStore({ kv, clock });
    });
    await Promise.all(stores.flatMap((store, i) =>
      [0, 1].map(async (k) => {
        const chance = random.fork(`${i} ${k}`);
        for (let n = 0; n < 12; n++) {
          const key = chance.pick(KEYS);
          try {
            const size = chance.pick([3, 200, 70_000, 200_000]) + n;
            const options = { metadata: { n: `${size}` }, onlyIfAbsent: chance.bool(0.3) };
            const act = chance.int(0, 5);
            if (act === 0) await store.delete(key);
            else if (act === 1) await store.copy(chance.pick(KEYS), key);
            else await store.put(key, bytesOf(size, size), options);
          } catch (error) {
            const known = [InvalidKeyError, ConflictError, NotFoundError];
            if (!known.some((kind) => error instanceof kind)) throw error;
          }
        }
      })
    ));
    const store = new KvObjectStore({ kv: memory, clock });
    const sizes = await holdsNothingElse(memory, clock);
    for (const [key, size] of sizes) {
      expect(sha256Hex(await store.get(key)), `seed ${seed}`).toBe(sha256Hex(bytesOf(size, size)));
      expect((await store.head(key))?.metadata).toEqual({ n: `${size}` });
    }
    for (const key of sizes.keys()) {
      for (const other of sizes.keys()) {
        expect(other.startsWith(`${key}/`), `seed ${seed}: ${key}, ${other}`).toBe(false);
      }
    }
  }
});

Deno.test("KvObjectStore has each put take effect once when the reply to a commit is lost or the commit is sent twice", async () => {
  for (const kind of ["lostReply", "twice"] as const) {
    for (let at = 1; at <= 12; at++) {
      using memory = new MemoryKv();
      const clock = new ToldClock();
      let commits = 0;
      const plan = (operation: { readonly kind: string }): Fault | undefined => {
        return operation.kind === "commit" && ++commits === at ? { kind } : undefined;
      };
      const store = new KvObjectStore({ kv: new FaultyKv(memory, { clock, plan }), clock });
      await store.put("new", bytesOf(3), { onlyIfAbsent: true });
      await store.put("large", bytesOf(200_000), { onlyIfAbsent: true });
      await store.put("large", bytesOf(300_000));
      await store.put("new", bytesOf(5));
      await store.copy("new", "copied");
      await store.delete("new");
      await store.put("new", bytesOf(7), { onlyIfAbsent: true });
      const sizes = await holdsNothingElse(memory, clock);
      expect(sizes).toEqual(new Map([["copied", 5], ["large", 300_000], ["new", 7]]));
    }
  }
});

Deno.test("KvObjectStore says that the KV does not answer, and goes on when it does", async () => {
  using memory = new MemoryKv();
  const clock = new ToldClock();
  let fault: Fault | undefined;
  const store = new KvObjectStore({ kv: new FaultyKv(memory, { clock, plan: () => fault }), clock, patience: 1000 });
  await store.put("a", bytesOf(3));
  fault = { kind: "fail" };
  const verbs = [
    () => store.get("a"),
    () => store.head("a"),
    () => store.put("a", bytesOf(5)),
    () => store.put("a", bytesOf(200_000)),
    () => store.delete("a"),
    () => keysOf(store),
  ];
  for (const verb of verbs) {
    await expect(verb()).rejects.toThrow(UnavailableError);
    await expect(verb()).rejects.toThrow("does not answer");
  }
  fault = undefined;
  expect(await store.get("a")).toEqual(bytesOf(3));
  expect(await holdsNothingElse(memory, clock)).toEqual(new Map([["a", 3]]));
});

Deno.test("KvObjectStore never takes away the chunks of an object whose commit took effect although its reply never came", async () => {
  using memory = new MemoryKv();
  const clock = new ToldClock();
  let broken = false;
  const kv = new FaultyKv(memory, {
    clock,
    plan({ kind, keys }) {
      if (kind !== "commit") return broken ? { kind: "fail" } : undefined;
      if (!keys.some((key) => key[1] === "object")) return undefined;
      broken = true;
      return { kind: "lostReply" };
    },
  });
  const store = new KvObjectStore({ kv, clock, patience: 1000 });
  await expect(store.put("a", bytesOf(200_000))).rejects.toThrow(UnavailableError);
  expect(await holdsNothingElse(memory, clock)).toEqual(new Map([["a", 200_000]]));
});
