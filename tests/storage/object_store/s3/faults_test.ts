import { expect } from "@std/expect";
import { type Clock, systemClock } from "../../../../src/clock.ts";
import { UnavailableError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { SeededRandom } from "../../../../testing/seeded_random.ts";
import {
  type Proxy,
  startToxiproxy,
  type Toxic,
  type Toxiproxy,
  withoutToxiproxy,
} from "../../../integration/servers/toxiproxy.ts";
import { startVersitygw, withoutVersitygw } from "../../../integration/servers/versitygw.ts";
import { SharedServer } from "./stores.ts";

const MIB = 1024 ** 2;
const server = new SharedServer(startVersitygw);
let starting: Promise<Toxiproxy> | undefined;
Deno.test.afterAll(async () => {
  await (await starting)?.[Symbol.asyncDispose]();
  await server.stop();
});

/** The pauses between attempts, twenty times as short; the limit of an attempt as it is. */
const HURRIED: Clock = {
  ...systemClock,
  setTimer: (delay, callback) => systemClock.setTimer(delay >= 25_000 ? delay : delay / 20, callback),
};

interface Wire {
  readonly proxy: Proxy;
  /** The store through the proxy. */
  readonly store: S3ObjectStore;
  /** The same store, past it. */
  readonly direct: S3ObjectStore;
  readonly options: S3ObjectStoreOptions;
}

async function wire(options: Partial<S3ObjectStoreOptions> = {}): Promise<Wire> {
  const direct = await server.options();
  const proxy = await (await (starting ??= startToxiproxy())).proxy(direct.endpoint);
  const through = { ...direct, endpoint: proxy.url, clock: HURRIED, timeout: 30_000, maxAttempts: 15, ...options };
  return { proxy, store: new S3ObjectStore(through), direct: new S3ObjectStore(direct), options: through };
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `S3 over a bad wire: ${name}`, ignore: withoutVersitygw || withoutToxiproxy, fn });
}

/** A store for which the answers to some requests are lost, once each: the server has done what it was asked. */
function losing(
  { proxy, options }: Wire,
  isLost: (request: Request) => boolean,
): { store: S3ObjectStore; lost: string[] } {
  const lost: string[] = [];
  const store = new S3ObjectStore({
    ...options,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const name = `${request.method} ${pathname}${search.replace(/uploadId=[^&]*/, "uploadId")}`;
      if (lost.includes(name) || !isLost(request)) return await fetch(request);
      lost.push(name);
      const toxic = await proxy.addToxic({ type: "limit_data", bytes: 0 });
      try {
        return await fetch(request);
      } finally {
        await proxy.removeToxic(toxic);
      }
    },
  });
  return { store, lost };
}

test("an object whose answer was lost is there, once and whole", async () => {
  const at = await wire();
  const { store, lost } = losing(at, ({ method }) => method === "PUT");
  const bytes = bytesOf(1000);
  const { sha256 } = await store.put("a", bytes, { metadata: { a: "1" } });
  expect(sha256).toBe(sha256Hex(bytes));
  expect((await at.direct.head("a"))?.metadata).toEqual({ a: "1" });
  await store.put("b", bytes, { onlyIfAbsent: true });
  await expect(store.put("b", bytes, { onlyIfAbsent: true })).rejects.toThrow("already");
  await store.copy("a", "c");
  expect(await at.direct.get("c")).toEqual(bytes);
  expect(lost.map((request) => request.split("/").at(-1))).toEqual(["a", "b", "c"]);
});

test("an upload of which every answer is lost once ends well, also where nothing may be replaced", async () => {
  const at = await wire({ partBytes: 5 * MIB, concurrency: 1 });
  const { store, lost } = losing(at, ({ method }) => method !== "GET" && method !== "HEAD");
  const bytes = bytesOf(11 * MIB);
  await store.put("a", bytes, { apart: true });
  expect(sha256Hex(await at.direct.get("a"))).toBe(sha256Hex(bytes));
  expect(lost.length).toBe(5);
  await store.put("b", bytes, { apart: true, onlyIfAbsent: true });
  await expect(store.put("b", bytes, { apart: true, onlyIfAbsent: true })).rejects.toThrow("already");
  const failing = async function* (): AsyncGenerator<Uint8Array, void> {
    yield await Promise.resolve(bytes);
    throw new Error("the producer broke");
  };
  await expect(store.put("c", failing(), { apart: true })).rejects.toThrow("the producer broke");
  expect(lost.some((request) => request.startsWith("DELETE"))).toBe(true);
  expect((await Array.fromAsync(at.direct.list())).map(({ key }) => key)).toEqual(["a", "b"]);
});

test("what was removed although the answer was lost is gone, and no error", async () => {
  const at = await wire();
  for (const key of ["a", "b", "c/d", "c/e"]) await at.direct.put(key, bytesOf(10));
  const { store, lost } = losing(at, ({ method }) => method === "DELETE" || method === "POST");
  await store.delete("a");
  await store.deleteMany(["b"]);
  await store.deletePrefix("c/");
  expect(await Array.fromAsync(at.direct.list())).toEqual([]);
  expect(lost.length).toBe(2);
});

const seed = Deno.env.get("FUSEWIRE_SEED") ?? String(Math.floor(Math.random() * 1e9));

test(`what connections that are cut anywhere let through is exact (seed ${seed})`, async () => {
  const random = new SeededRandom(seed);
  const at = await wire({ partBytes: 5 * MIB });
  const sizes = [0, 1, 100, 5_000, 70_000, 300_000, 300_001, 2 * MIB, 6 * MIB, 11 * MIB];
  const stored = new Map<string, string>();
  for (let round = 0; round < 6; round++) {
    const stream = random.next() < 0.5 ? "upstream" : "downstream";
    const bytes = Math.floor(stream === "upstream" ? 10 ** (2 + 5 * random.next()) : 10 ** (6 * random.next()));
    const toxic = await at.proxy.addToxic({ type: "limit_data", bytes }, { stream, toxicity: 0.4 });
    const context = `seed ${seed}, round ${round}: ${stream} cut after ${bytes} bytes`;
    await Promise.all(sizes.map(async (size, i) => {
      const key = `o/${i}`;
      const body = bytesOf(size, round * 100 + i);
      const before = stored.get(key);
      try {
        await at.store.put(key, i % 2 === 0 ? body : new Blob([body]).stream());
        stored.set(key, sha256Hex(body));
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // The last attempt may have been stored after all: then it is all of it.
        const there = await at.direct.get(key).catch(() => undefined);
        const hash = there && sha256Hex(there);
        expect([before, sha256Hex(body)], context).toContain(hash);
        if (hash !== undefined) stored.set(key, hash);
      }
    }));
    for (const [key, hash] of stored) {
      expect(sha256Hex(await at.direct.get(key)), context).toBe(hash);
      const read = await at.store.get(key).catch((error) => error);
      if (!(read instanceof UnavailableError)) expect(sha256Hex(read), context).toBe(hash);
      const streamed = await at.store.stream(key).then((stream) => new Response(stream).bytes()).catch((error) =>
        error
      );
      if (!(streamed instanceof UnavailableError)) expect(sha256Hex(streamed), context).toBe(hash);
    }
    const keys = await Array.fromAsync(at.store.list()).catch((error) => error);
    if (!(keys instanceof UnavailableError)) expect(keys.length, context).toBe(stored.size);
    await at.proxy.removeToxic(toxic);
  }
  expect(stored.size).toBe(sizes.length);
});

test("late, torn and slow data are the same data", async () => {
  const at = await wire({ partBytes: 5 * MIB });
  const toxics: Toxic[] = [
    { type: "latency", latency: 30, jitter: 20 },
    { type: "slicer", averageSize: 20_000, sizeVariation: 10_000, delay: 10 },
  ];
  const bytes = bytesOf(6 * MIB);
  for (const toxic of toxics) {
    for (const stream of ["upstream", "downstream"] as const) {
      const name = await at.proxy.addToxic(toxic, { stream });
      await at.store.put("a", bytes);
      expect(sha256Hex(await at.store.get("a"))).toBe(sha256Hex(bytes));
      await at.proxy.removeToxic(name);
    }
  }
});

test("a connection that is reset, or silent, is given up and made anew", async () => {
  const at = await wire({ maxAttempts: 30 });
  const reset = await at.proxy.addToxic({ type: "reset_peer", timeout: 0 }, { toxicity: 0.5 });
  for (let i = 0; i < 10; i++) await at.store.put(`o/${i}`, bytesOf(10 * i), { apart: true });
  await at.proxy.removeToxic(reset);
  expect((await Array.fromAsync(at.direct.list())).length).toBe(10);

  // 6,000 ms pass in 300.
  const silent = new S3ObjectStore({ ...at.options, timeout: 6000, maxAttempts: 2 });
  const silence = await at.proxy.addToxic({ type: "timeout", timeout: 0 });
  const error = await silent.get("o/1").catch((error) => error);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error.message).toContain("it took longer than 6000 ms");
  await at.proxy.removeToxic(silence);
  expect(await silent.get("o/1")).toEqual(bytesOf(10));
});

test("a server that is away is an UnavailableError, and back when it is back", async () => {
  const at = await wire({ maxAttempts: 3 });
  await at.store.put("a", bytesOf(10));
  await at.proxy.disable();
  await expect(at.store.get("a")).rejects.toThrow(UnavailableError);
  await expect(at.store.put("a", bytesOf(5))).rejects.toThrow("3 attempts failed");
  await at.proxy.enable();
  expect(await at.store.get("a")).toEqual(bytesOf(10));
});
