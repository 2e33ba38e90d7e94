import { expect } from "@std/expect";
import { ConfigError, NotFoundError, PermissionError } from "../../../../src/errors.ts";
import { systemClock } from "../../../../src/clock.ts";
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { S3_PROTOCOL } from "../../../../storage/protocols.ts";
import { S3Storage } from "../../../../storage/s3_storage.ts";
import { startVersitygw, withoutVersitygw } from "../../../integration/servers/versitygw.ts";
import { SharedServer } from "./stores.ts";

const server = new SharedServer(startVersitygw);
Deno.test.afterAll(() => server.stop());

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `S3 on versitygw: ${name}`, ignore: withoutVersitygw, fn });
}

/** Calls every verb, and gives the errors; those that find nothing to do are `undefined`. */
async function errorsOf(store: S3ObjectStore): Promise<unknown[]> {
  const bytes = new Uint8Array(3);
  const calls = [
    () => store.get("a"),
    () => store.open("a"),
    () => store.stream("a"),
    () => store.put("a", bytes),
    () => store.put("a", bytes, { apart: true }),
    () => store.head("a"),
    () => store.copy("a", "b"),
    () => store.delete("a"),
    () => store.deleteMany(["a"]),
    () => store.deletePrefix("a"),
    () => Array.fromAsync(store.list()),
  ];
  const errors: unknown[] = [];
  for (const call of calls) errors.push(await call().then(() => undefined, (error: unknown) => error));
  return errors;
}

/** That every verb fails with an error of this class, with the text, and without secrets. */
async function allFail(
  options: S3ObjectStoreOptions,
  kind: typeof ConfigError | typeof PermissionError,
  text: RegExp,
): Promise<void> {
  const errors = await errorsOf(new S3ObjectStore(options));
  for (const error of errors) {
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toMatch(text);
    expect(String(error)).toContain(`"${options.bucket}"`);
    expect(Deno.inspect(error, { depth: 20 })).not.toContain("secret-of-tests");
  }
}

test("a wrong secret, an unknown key and a stranger are a PermissionError with every verb", async () => {
  const options = await server.options();
  const { credentials } = await server.running();
  const wrong = { ...credentials, secretAccessKey: "wrong" };
  await allFail(
    { ...options, credentials: wrong },
    PermissionError,
    /SignatureDoesNotMatch.*secretAccessKey|secretAccessKey/,
  );
  await allFail(
    { ...options, credentials: { ...credentials, accessKeyId: "nobody" } },
    PermissionError,
    /InvalidAccessKeyId/,
  );
  const stranger = await (await server.running()).createStranger();
  await allFail({ ...options, credentials: stranger }, PermissionError, /AccessDenied/);
});

test("a bucket that is not there is a ConfigError with every verb", async () => {
  const options = { ...await server.options(), bucket: "no-such-bucket" };
  await allFail(options, ConfigError, /there is no bucket "no-such-bucket"/);
});

test("a wrong region is a ConfigError that names the right one", async () => {
  const options = { ...await server.options(), region: "eu-west-1" };
  await allFail(options, ConfigError, /region/);
  await expect(new S3ObjectStore(options).get("a")).rejects.toThrow('"us-east-1"');
});

test("a clock that is wrong is a ConfigError that says by how much", async () => {
  const options = await server.options();
  const clock = { ...systemClock, now: () => Date.now() - 3 * 3_600_000 };
  await allFail({ ...options, clock }, ConfigError, /180 minutes behind/);
});

test("an object that is missing is a NotFoundError, and the store goes on", async () => {
  const store = await server.store();
  await expect(store.get("a")).rejects.toThrow(NotFoundError);
  await expect(store.get("a")).rejects.toThrow('There is no object "a"');
  await expect(store.copy("a", "b")).rejects.toThrow(NotFoundError);
  expect(await store.head("a")).toBe(undefined);
});

test("25 objects come in pages of 10, each once, and in order", async () => {
  const store = await server.store({ pageSize: 10 });
  const keys = Array.from({ length: 25 }, (_, i) => `o/${String(i).padStart(2, "0")}`);
  await Promise.all(keys.map((key) => store.put(key, new Uint8Array(5), { apart: true })));
  const pages = await Array.fromAsync(store.pages("o/"));
  expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
  expect(pages.flat().map(({ key }) => key)).toEqual(keys);
  const heads = await Array.fromAsync(store.list("o/", { headBytes: 2 }));
  expect(heads.map(({ head }) => head?.length)).toEqual(keys.map(() => 2));
  await store.deletePrefix("o/");
  expect(await Array.fromAsync(store.list())).toEqual([]);
});

test("what the server itself refuses as an object in a folder's place is the same InvalidKeyError", async () => {
  const store = await server.store();
  await store.put("a", new Uint8Array(1), { apart: true });
  await store.put("f/b", new Uint8Array(1), { apart: true });
  for (const apart of [true, false]) {
    await expect(store.put("a/b", new Uint8Array(1), { apart })).rejects.toThrow("lies below an object");
    await expect(store.put("f", new Uint8Array(1), { apart })).rejects.toThrow("there are objects below it");
  }
  const large = new Uint8Array(9 * 1024 ** 2);
  await expect(store.put("a/b", large, { apart: true })).rejects.toThrow("lies below an object");
  await expect(store.put("f", large)).rejects.toThrow("there are objects below it");
});

test("serializers get a client for requests of their own, and the folder in the bucket", async () => {
  const options = await server.options();
  const storage = new S3Storage({ ...options, prefix: "team/7" });
  const entry = storage.protocols("w")[S3_PROTOCOL];
  if (entry === undefined) throw new Error("there is no entry");
  await entry.write("a b", new TextEncoder().encode("hello"));
  expect(entry.folder).toMatch(/^team\/7\/.*\/$/);
  const answer = await entry.client.fetch(`${entry.folder}a b`, { headers: { range: "bytes=1-2" } });
  expect([answer.status, await answer.text()]).toEqual([206, "el"]);
  const put = await entry.client.fetch(`${entry.folder}c`, { method: "PUT", body: "there" });
  expect([put.status, await put.text()]).toEqual([200, ""]);
  expect(new TextDecoder().decode(await entry.read("c"))).toBe("there");
  const missing = await entry.client.fetch(`${entry.folder}d`);
  expect([missing.status, (await missing.text()).includes("NoSuchKey")]).toEqual([404, true]);
  await expect(entry.client.fetch(`${entry.folder}../x`)).rejects.toThrow("is refused");
  await expect(entry.client.fetch("x", { headers: { authorization: "x" } })).rejects.toThrow("the store sets it");
});

test("results of tasks are kept", async () => {
  const storage = new S3Storage(await server.options());
  const value = { rows: new Float64Array([1, 2, 3]), when: new Date(0) };
  await storage.save("etl", "load/1", value);
  expect(await storage.readTask("etl", "load/1")).toEqual(value);
  expect(await storage.listTasks("etl")).toEqual(["load/1"]);
  await storage.removeWorkflow("etl");
  expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
});
