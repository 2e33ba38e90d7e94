import { expect } from "@std/expect";
import { InvalidKeyError } from "../../../../src/errors.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { startMoto, withoutMoto } from "../../../integration/servers/moto.ts";
import { SharedServer } from "./stores.ts";

const server = new SharedServer(startMoto);
Deno.test.afterAll(() => server.stop());

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `S3 on moto: ${name}`, ignore: withoutMoto, fn });
}

/** Puts an object under any name, as another program would. */
async function putForeign(store: S3ObjectStore, name: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await store.client.fetch(name, { method: "PUT", body: "foreign", headers });
  await answer.body?.cancel();
  expect(answer.status).toBe(200);
}

test("what others put under names that are no keys is left out, and left alone", async () => {
  const store = await server.store({ pageSize: 2 });
  const foreign = [
    "fusewire/",
    "fusewire/dir/",
    "fusewire/dir/sub/",
    "fusewire//x",
    "fusewire/dir/a//b",
    "fusewire/\\",
  ];
  for (const name of foreign) await putForeign(store, name);
  await store.put("dir/sub/a", new Uint8Array(3), { apart: true });
  expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["dir/sub/a"]);
  expect((await Array.fromAsync(store.list("dir/"))).map(({ key }) => key)).toEqual(["dir/sub/a"]);
  await store.deletePrefix("");
  expect(await Array.fromAsync(store.list())).toEqual([]);
  for (const name of foreign) expect((await store.client.fetch(name, { method: "HEAD" })).status).toBe(200);
});

test("a folder that is only the marker of others is no folder", async () => {
  const store = await server.store();
  await putForeign(store, "fusewire/dir/");
  await store.put("dir", new Uint8Array(3));
  await store.delete("dir");
  for (let i = 0; i < 12; i++) await putForeign(store, `fusewire/dir//${i}`);
  await putForeign(store, "fusewire/dir/x");
  await expect(store.put("dir", new Uint8Array(3))).rejects.toThrow(InvalidKeyError);
});

test("what others put is read as it is, with the content type and metadata that they gave", async () => {
  const store = await server.store();
  await putForeign(store, "fusewire/a", { "content-type": "text/x-b", "x-amz-meta-owner": "=?UTF-8?Q?J=C3=B6?=" });
  expect(new TextDecoder().decode(await store.get("a"))).toBe("foreign");
  expect(await store.head("a")).toEqual({ key: "a", size: 7, contentType: "text/x-b", metadata: { owner: "Jö" } });
});

test("stores with different prefixes, one within the other, and without one, share a bucket", async () => {
  const options = await server.options();
  const [whole, outer, inner] = ["", "p", "p/q/"].map((prefix) => new S3ObjectStore({ ...options, prefix }));
  await inner?.put("a", new Uint8Array(1));
  await outer?.put("b+ %é/c", new Uint8Array(2));
  await whole?.put("pp", new Uint8Array(3));
  const keys = async (store?: S3ObjectStore) => (await Array.fromAsync(store?.list() ?? [])).map(({ key }) => key);
  expect(await keys(inner)).toEqual(["a"]);
  expect(await keys(outer)).toEqual(["b+ %é/c", "q/a"]);
  expect(await keys(whole)).toEqual(["p/b+ %é/c", "p/q/a", "pp"]);
  await outer?.deletePrefix("");
  expect(await keys(whole)).toEqual(["pp"]);
});
