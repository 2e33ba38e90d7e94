import { expect } from "@std/expect";
import { ConfigError, InvalidKeyError, PermissionError } from "../../../../src/errors.ts";
import { GcsStorage } from "../../../../storage/gcs_storage.ts";
import { GCS_PROTOCOL } from "../../../../storage/protocols.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { startFakeGcs, withoutFakeGcs } from "../../../integration/servers/fake_gcs.ts";
import { Big, BigSerializer } from "../../big.ts";
import { storeOnFake } from "./stores.ts";

Deno.test({
  name: "GcsStorage keeps results, the files of serializers, and lets them use the bucket",
  ignore: withoutFakeGcs,
  fn: async () => {
    await using server = await startFakeGcs();
    await server.createBucket("tests");
    const storage = new GcsStorage({ bucket: "tests", prefix: "team/7", endpoint: server.url });
    storage.registerPersistentSerializers(new BigSerializer());
    await storage.newWorkflow("etl");
    await storage.save("etl", "load/1", { rows: [1, 2, 3], big: new Big(42) });
    await storage.save("etl", "total", 42);
    const again = new GcsStorage({ bucket: "tests", prefix: "team/7", endpoint: server.url });
    again.registerPersistentSerializers(new BigSerializer());
    expect(await again.readTask("etl", "load/1")).toEqual({ rows: [1, 2, 3], big: new Big(42) });
    expect(await again.listTasks("etl")).toEqual(["load/1", "total"]);

    const entry = again.protocols("etl")[GCS_PROTOCOL];
    if (entry === undefined) throw new Error("There is no entry.");
    expect(entry.folder).toMatch(/^team\/7\/.+\/$/);
    await entry.write("a b/ü", bytesOf(100));
    const answer = await entry.client.fetch(`${entry.folder}a b/ü`, { headers: { range: "bytes=10-19" } });
    expect([answer.status, await answer.bytes()]).toEqual([206, bytesOf(100).slice(10, 20)]);
    const missing = await entry.client.fetch(`${entry.folder}none`);
    expect(missing.status).toBe(404);
    await missing.body?.cancel();
    await again.removeWorkflow("etl");
    expect(await again.listTasks("etl")).toEqual([]);
  },
});

Deno.test("requests of one's own carry the token of the store, to its server and no other place", async () => {
  const seen: string[] = [];
  let status = 200;
  let asked = 0;
  const { store } = storeOnFake({}, {
    token: () => `token-${++asked}`,
    fetch: (request) => {
      seen.push(`${request.method} ${request.url} ${request.headers.get("authorization")}`);
      return Promise.resolve(new Response("", { status }));
    },
  });
  await store.client.fetch(store.nameOf("a b/%2e/ü?#"), { method: "PUT", body: bytesOf(3) });
  status = 401;
  expect((await store.client.fetch("a")).status).toBe(401);
  await store.client.fetch("a");
  const at = "https://storage.googleapis.com/tests";
  expect(seen).toEqual([
    `PUT ${at}/fusewire/a%20b/%252e/%C3%BC%3F%23 Bearer token-1`,
    `GET ${at}/a Bearer token-1`,
    `GET ${at}/a Bearer token-2`,
  ]);
  for (const name of ["", ".", "..", "a/../b", "\ud800"]) {
    await expect(store.client.fetch(name)).rejects.toThrow(InvalidKeyError);
  }
  await expect(store.client.fetch("a", { headers: { Authorization: "x" } })).rejects.toThrow(ConfigError);
  const denied = storeOnFake({}, { fetch: () => Promise.reject(new Deno.errors.NotCapable("no")) });
  await expect(denied.store.client.fetch("a")).rejects.toThrow(PermissionError);
});
