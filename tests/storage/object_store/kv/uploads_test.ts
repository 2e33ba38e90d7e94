import { expect } from "@std/expect";
import {
  ConfigError,
  ConflictError,
  IntegrityError,
  InvalidKeyError,
  UnavailableError,
} from "../../../../src/errors.ts";
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { CHUNK_BYTES } from "../../../../storage/object_store/kv/manifest.ts";
import { FaultyKv } from "../../../../testing/faulty_kv.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";
import { randomFaults } from "../../../../testing/random_faults.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";
import { bytesOf, keysOf, sameBytes } from "../../../../testing/object_store_fixture.ts";
import { holdsNothingElse, ToldClock } from "./kv_bench.ts";

const MIB = 1024 * 1024;

Deno.test("KvObjectStore takes a long stream with a few megabytes of memory, however slow the KV is", async () => {
  using memory = new MemoryKv();
  let [given, written, most] = [0, 0, 0];
  using kv = new FaultyKv(memory, {
    plan({ kind, keys }) {
      if (kind === "commit") written += keys.filter(([, kind]) => kind === "chunk").length * CHUNK_BYTES;
      return undefined;
    },
  });
  const store = new KvObjectStore({ kv });
  const piece = bytesOf(100_000);
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      most = Math.max(most, given - written);
      if (given >= 64 * MIB) return controller.close();
      given += piece.length;
      controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
  const { size } = await store.put("a", stream);
  expect(size).toBe(given);
  expect(most).toBeLessThan(4 * MIB);
});

Deno.test("KvObjectStore lets a slow upload live as long as it gives signs, however often others clear up", async () => {
  using kv = new MemoryKv();
  const clock = new ToldClock();
  const store = new KvObjectStore({ kv, clock });
  const bytes = bytesOf(8 * MIB);
  await store.put(
    "a",
    (async function* () {
      for (let at = 0; at < bytes.length; at += MIB) {
        yield bytes.subarray(at, at + MIB);
        clock.time += 50 * 60_000;
        await keysOf(new KvObjectStore({ kv, clock }));
      }
    })(),
  );
  sameBytes(await store.get("a"), bytes);
  expect(await holdsNothingElse(kv, clock)).toEqual(new Map([["a", bytes.length]]));
});

Deno.test("KvObjectStore refuses to end an upload that stood still so long that others cleared it up", async () => {
  using kv = new MemoryKv();
  const clock = new ToldClock();
  const store = new KvObjectStore({ kv, clock });
  await store.put("a", bytesOf(5));
  for (const [first, rest] of [[4 * MIB, 4 * MIB], [4 * MIB, 1], [60_000, 10]] as const) {
    const put = store.put(
      "a",
      (async function* () {
        yield bytesOf(first);
        clock.time += 2 * 60 * 60_000;
        await keysOf(new KvObjectStore({ kv, clock }));
        yield bytesOf(rest);
      })(),
    );
    await expect(put).rejects.toThrow(UnavailableError);
    await expect(put).rejects.toThrow('"a" stood still for more than an hour');
    expect(await store.get("a")).toEqual(bytesOf(5));
    await holdsNothingElse(kv, clock);
  }
});

Deno.test("KvObjectStore says that a large object was replaced to who still reads the old one", async () => {
  using kv = new MemoryKv();
  const store = new KvObjectStore({ kv });
  await store.put("a", bytesOf(MIB));
  const reader = await store.open("a");
  const stream = await store.stream("a");
  await store.put("a", bytesOf(3));
  await expect(reader.read(new Uint8Array(10), 0)).rejects.toThrow(ConflictError);
  await expect(new Response(stream).bytes()).rejects.toThrow('"a" in the KV was replaced or removed');
});

Deno.test("KvObjectStore says that an object is damaged when chunks are missing, and takes it anew", async () => {
  using kv = new MemoryKv();
  const store = new KvObjectStore({ kv });
  await store.put("a", bytesOf(MIB));
  for await (const { key } of kv.list({ prefix: ["fusewire", "chunk"] })) if (key.at(-1) === 5) await kv.delete(key);
  await expect(store.get("a")).rejects.toThrow(IntegrityError);
  expect((await store.get("a", { end: 5 * CHUNK_BYTES })).length).toBe(5 * CHUNK_BYTES);
  await expect(Array.fromAsync(store.list("", { headBytes: MIB }))).rejects.toThrow('"a" in the KV is damaged');
  await store.put("a", bytesOf(MIB));
  sameBytes(await store.get("a"), bytesOf(MIB));
  await kv.set(["fusewire", "object", "b"], "no manifest");
  await expect(store.head("b")).rejects.toThrow(IntegrityError);
});

Deno.test("KvObjectStore never has an object that is a folder too, whoever puts both at the same moment", async () => {
  using memory = new MemoryKv();
  const deep = "1/2/3/4/5/6/7/8/9/10/11/12";
  for (let round = 0; round < 20; round++) {
    for (const [above, below] of [["a", "a/b"], ["1", deep], ["1/2/3/4/5/6/7/8/9/10/11", deep]] as const) {
      const stores = [0, 1].map((i) => {
        // Each waits for a while of its own, so that looks and commits meet in every order.
        const random = new SeededRandom(`${round} ${above} ${i}`);
        const clock = new ToldClock();
        const kv = new FaultyKv(memory, { clock, plan: randomFaults(random, { delay: 0.7, maxDelay: 5 }) });
        return new KvObjectStore({ kv, clock });
      });
      const outcomes = await Promise.allSettled([
        stores[0]!.put(above, bytesOf(3)),
        stores[1]!.put(below, bytesOf(round % 2 === 0 ? 3 : 70_000)),
      ]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(InvalidKeyError);
      }
      const keys = await keysOf(stores[0]!);
      expect(keys.length).toBeLessThan(2);
      await stores[0]!.deletePrefix("");
    }
  }
});

Deno.test("KvObjectStore lists by a text up to the last character there is", async () => {
  using kv = new MemoryKv();
  const store = new KvObjectStore({ kv });
  const keys = ["a\ud7ff", "a\ud7ffb", "a\ue000", "a\u{10ffff}", "a\u{10ffff}\u{10ffff}", "b", "\u{10ffff}x"];
  for (const key of keys) await store.put(key, bytesOf(1));
  for (const prefix of ["a", "a\ud7ff", "a\ue000", "a\u{10ffff}", "\u{10ffff}", "b"]) {
    expect(await keysOf(store, prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)));
  }
});

Deno.test("KvObjectStore says what is wrong with its options, and that its KV was closed", async () => {
  const kv = new MemoryKv();
  for (const prefix of ["", "a/b", "a\n", "x".repeat(201)]) {
    expect(() => new KvObjectStore({ kv, prefix })).toThrow(ConfigError);
  }
  // @ts-expect-error from JavaScript anything may come
  expect(() => new KvObjectStore({ kv: 5 })).toThrow(ConfigError);
  const store = new KvObjectStore({ kv });
  await store.put("a", bytesOf(3));
  kv.close();
  await expect(store.get("a")).rejects.toThrow(ConfigError);
  await expect(store.put("a", bytesOf(3))).rejects.toThrow("was closed");
});
