import { expect } from "@std/expect";
import {
  ConfigError,
  GCSArtifactStore,
  InvalidKeyError,
  KvArtifactStore,
  PermissionError,
  S3ArtifactStore,
} from "@fusewire/fusewire";
import { MemoryKv } from "../../../testing/memory_kv.ts";
import { startVersitygw, withoutVersitygw } from "../../integration/servers/versitygw.ts";

const credentials = { accessKeyId: "the-key-id", secretAccessKey: "the-secret" };

Deno.test("FA9 URIs of buckets have the prefix and no double slash, and those of another bucket are refused", async () => {
  const token = () => ({ token: "the-secret", expiresAt: 8e15 });
  for (const [prefix, begins] of [["", ""], ["p", "p/"], [undefined, "fusewire/"]] as const) {
    const options = { bucket: "bkt", endpoint: "http://127.0.0.1:1", ...(prefix === undefined ? {} : { prefix }) };
    const s3 = new S3ArtifactStore({ ...options, credentials });
    const gcs = new GCSArtifactStore({ ...options, token });
    expect(s3.objects.uri("k/x")).toBe(`s3://bkt/${begins}k/x`);
    expect(gcs.objects.uri("k/x")).toBe(`gs://bkt/${begins}k/x`);
    for (const artifacts of [s3, gcs]) {
      for (const other of ["s3://cccc/k", "gs://cccc/k", "s3://bktt/k", "file:///b/k"]) {
        await expect(artifacts.load(other)).rejects.toThrow(InvalidKeyError);
      }
    }
  }
});

Deno.test("FA10 toDict() says where a store is, without secrets", () => {
  const s3 = new S3ArtifactStore({ bucket: "bkt", credentials, endpoint: "http://127.0.0.1:1" });
  expect(s3.toDict()).toEqual({ name: "s3", type: "s3", bucketName: "bkt", prefix: "fusewire" });
  const gcs = new GCSArtifactStore({
    name: "mine",
    bucket: "bkt",
    prefix: "p",
    projectId: "p-1",
    token: () => ({ token: "the-secret", expiresAt: 8e15 }),
  });
  expect(gcs.toDict()).toEqual({ name: "mine", type: "gcs", bucketName: "bkt", prefix: "p", projectId: "p-1" });
  using kv = new MemoryKv();
  expect(new KvArtifactStore({ kv }).toDict()).toEqual({ name: "kv", type: "kv", prefix: "fusewire" });
  for (const store of [s3, gcs]) expect(JSON.stringify(store) + Deno.inspect(store)).not.toContain("the-secret");
});

Deno.test({
  name: "FA10 FA11 a bucket that is missing is a ConfigError, one that is denied a PermissionError, never an absence",
  ignore: withoutVersitygw,
  fn: async () => {
    await using server = await startVersitygw();
    await server.createBucket("there");
    const options = { endpoint: server.url, region: server.region };
    const missing = new S3ArtifactStore({ ...options, bucket: "not-there", credentials: server.credentials });
    await expect(missing.validate()).rejects.toThrow(ConfigError);
    await expect(missing.validate()).rejects.toThrow("not-there");
    const stranger = new S3ArtifactStore({ ...options, bucket: "there", credentials: await server.createStranger() });
    for (
      const call of [
        () => stranger.validate(),
        () => stranger.exists("a"),
        () => stranger.load("a"),
        () => stranger.size("a"),
        () => stranger.save(1, "a"),
        () => stranger.listArtifacts(),
      ]
    ) {
      await expect(call()).rejects.toThrow(PermissionError);
    }
    const fine = new S3ArtifactStore({ ...options, bucket: "there", credentials: server.credentials });
    expect(await fine.validate()).toBe(true);
    expect(await fine.listArtifacts()).toEqual([]);
  },
});
