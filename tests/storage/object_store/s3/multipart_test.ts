import { expect } from "@std/expect";
import { systemClock } from "../../../../src/clock.ts";
import { ConflictError } from "../../../../src/errors.ts";
import { sha256Hex } from "../../../../storage/digest.ts";
import { S3Address } from "../../../../storage/object_store/s3/address.ts";
import { BucketPlace } from "../../../../storage/object_store/s3/bucket_place.ts";
import { S3Client } from "../../../../storage/object_store/s3/client.ts";
import { copyObject } from "../../../../storage/object_store/s3/copying.ts";
import { CredentialSource } from "../../../../storage/object_store/s3/credentials.ts";
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { childrenOf } from "../../../../storage/object_store/s3/xml.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { startVersitygw, withoutVersitygw } from "../../../integration/servers/versitygw.ts";
import { SharedServer } from "./stores.ts";

const MIB = 1024 ** 2;
const server = new SharedServer(startVersitygw);
Deno.test.afterAll(() => server.stop());

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `S3 uploads on versitygw: ${name}`, ignore: withoutVersitygw, fn });
}

function clientOf(options: S3ObjectStoreOptions): S3Client {
  const place = new BucketPlace(options);
  const credentials = new CredentialSource(options.credentials, place.place, systemClock);
  return new S3Client(place, new S3Address(place, options), credentials, systemClock, options);
}

/** How many uploads the server keeps parts of. */
async function uploads(options: S3ObjectStoreOptions): Promise<number> {
  const request = { doing: "list uploads", method: "GET", query: { uploads: "" } } as const;
  return await clientOf(options).sendForXml(request, (root) => childrenOf(root, "Upload").length);
}

async function* inPieces(bytes: Uint8Array<ArrayBuffer>, size: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

test("64 MiB go and come back, as bytes and as a stream, signed and with a CRC", async () => {
  const options = await server.options();
  const bytes = bytesOf(64 * MIB);
  const sha256 = sha256Hex(bytes);
  for (const signParts of [true, false]) {
    const store = new S3ObjectStore({ ...options, signParts });
    expect(await store.put("bytes", bytes)).toEqual({ size: bytes.length, sha256 });
    expect(await store.put("stream", inPieces(bytes, 100_003))).toEqual({ size: bytes.length, sha256 });
    expect(sha256Hex(await store.get("bytes"))).toBe(sha256);
    expect(sha256Hex(await new Response(await store.stream("stream")).bytes())).toBe(sha256);
    // What was there at once was hashed before the upload began.
    expect((await store.head("bytes"))?.sha256).toBe(sha256);
    expect((await store.head("stream"))?.sha256).toBe(undefined);
  }
  expect(await uploads(options)).toBe(0);
});

test("a stream that fails, and a server that refuses a part, leave no upload behind", async () => {
  const options = await server.options();
  const store = new S3ObjectStore(options);
  await store.put("a", bytesOf(100));
  const failing = async function* (): AsyncGenerator<Uint8Array, void> {
    yield* inPieces(bytesOf(20 * MIB), MIB);
    throw new Error("the producer broke");
  };
  await expect(store.put("a", failing())).rejects.toThrow("the producer broke");
  await expect(store.put("new", failing())).rejects.toThrow("the producer broke");

  const refusing = new S3ObjectStore({
    ...options,
    fetch: async (request) => {
      if (!request.url.includes("partNumber=2")) return await fetch(request);
      await request.body?.cancel();
      return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
    },
  });
  await expect(refusing.put("a", bytesOf(40 * MIB))).rejects.toThrow("AccessDenied");
  expect(await store.get("a")).toEqual(bytesOf(100));
  expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["a"]);
  expect(await uploads(options)).toBe(0);
});

test("a large object is put only where nothing is", async () => {
  const options = await server.options();
  const store = new S3ObjectStore(options);
  const bytes = bytesOf(12 * MIB);
  await store.put("a", bytes, { onlyIfAbsent: true });
  await expect(store.put("a", bytesOf(12 * MIB, 2), { onlyIfAbsent: true })).rejects.toThrow(ConflictError);
  expect(sha256Hex(await store.get("a"))).toBe(sha256Hex(bytes));
  expect(await uploads(options)).toBe(0);
});

test("a stream of 256 MiB is never in memory by more than the parts under way and one more", async () => {
  const options = await server.options();
  const partBytes = 8 * MIB;
  let [made, sent, most, underWay, mostUnderWay] = [0, 0, 0, 0, 0];
  const store = new S3ObjectStore({
    ...options,
    signParts: false,
    partBytes,
    concurrency: 3,
    fetch: async (request) => {
      if (!request.url.includes("partNumber=")) return await fetch(request);
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      const response = await fetch(request);
      underWay--;
      sent += partBytes;
      return response;
    },
  });
  const chunk = bytesOf(MIB);
  const stream = async function* (): AsyncGenerator<Uint8Array, void> {
    for (; made < 256 * MIB; made += MIB) {
      most = Math.max(most, made - sent);
      yield await Promise.resolve(chunk);
    }
  };
  expect((await store.put("a", stream(), { apart: true })).size).toBe(256 * MIB);
  expect(mostUnderWay).toBe(3);
  // Those under way, and two: one is complete, one is being filled.
  expect(most).toBeLessThanOrEqual(5 * partBytes);
  expect((await store.head("a"))?.size).toBe(256 * MIB);
});

test("a reader hears that its large object was replaced, and get gives one of both", async () => {
  const store = await server.store({ partBytes: 5 * MIB });
  const [first, second] = [bytesOf(16 * MIB, 1), bytesOf(16 * MIB, 2)];
  await store.put("a", first);
  await using reader = await store.open("a");
  const stream = (await store.stream("a")).getReader();
  await stream.read();
  await store.put("a", second);
  await expect(reader.read(new Uint8Array(MIB), 8 * MIB)).rejects.toThrow(ConflictError);
  await expect(reader.read(new Uint8Array(MIB), 8 * MIB)).rejects.toThrow("was changed or removed while it was read");
  const hashes = [sha256Hex(first), sha256Hex(second)];
  let puts = true;
  const putting = (async () => {
    for (let i = 0; i < 6; i++) await store.put("a", i % 2 === 0 ? first : second, { apart: true });
    puts = false;
  })();
  while (puts) {
    expect(hashes).toContain(sha256Hex(
      await store.get("a").catch((error) => {
        if (!(error instanceof ConflictError)) throw error;
        return first;
      }),
    ));
  }
  await putting;
  await stream.cancel().catch(() => {});
});

test("an object that is too large for one copy is copied in parts, with its metadata", async () => {
  const options = await server.options();
  const store = new S3ObjectStore(options);
  const bytes = bytesOf(17 * MIB);
  await store.put("a b/é", bytes, { contentType: "text/x-a", metadata: { a: "ö" } });
  const client = clientOf(options);
  const headers = await client.headersOf(client.place.nameOf("a b/é"), "look");
  if (headers === undefined) throw new Error("it is not there");
  await copyObject(client, "a b/é", "c", headers, { copyBytes: 5 * MIB, concurrency: 2 });
  expect(sha256Hex(await store.get("c"))).toBe(sha256Hex(bytes));
  expect(await store.head("c")).toEqual({ ...await store.head("a b/é"), key: "c" });
  await store.put("a b/é", bytesOf(17 * MIB, 2));
  await expect(copyObject(client, "a b/é", "d", headers, { copyBytes: 5 * MIB, concurrency: 2 })).rejects.toThrow(
    ConflictError,
  );
  expect(await store.head("d")).toBe(undefined);
  expect(await uploads(options)).toBe(0);
});
