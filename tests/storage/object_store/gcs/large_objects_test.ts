import { expect } from "@std/expect";
import { newSha256, sha256Hex } from "../../../../storage/digest.ts";
import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { startFakeGcs, withoutFakeGcs } from "../../../integration/servers/fake_gcs.ts";
import { startGcpEmulator, withoutGcpEmulator } from "../../../integration/servers/gcp_emulator.ts";
import type { GcsServer } from "../../../integration/servers/gcs_server.ts";
import { streamed } from "./stores.ts";

const MIB = 1024 * 1024;

async function keepsLargeObjects(start: () => Promise<GcsServer>): Promise<void> {
  await using server = await start();
  await server.createBucket("tests");
  const store = new GcsObjectStore({ bucket: "tests", endpoint: server.url });
  const bytes = bytesOf(64 * MIB);
  const sha256 = sha256Hex(bytes);
  const bodies = {
    bytes,
    pieces: [bytes.subarray(0, 9 * MIB), bytes.subarray(9 * MIB)],
    stream: streamed(bytes, 3 * MIB),
  };
  for (const [kind, body] of Object.entries(bodies)) {
    expect(await store.put(kind, body, { metadata: { kind } })).toEqual({ size: bytes.length, sha256 });
    expect(await store.head(kind)).toEqual({ key: kind, size: bytes.length, sha256, metadata: { kind } });
    expect(sha256Hex(await store.get(kind))).toBe(sha256);
    const hash = newSha256();
    for await (const piece of await store.stream(kind)) hash.update(piece);
    expect(hash.digest("hex")).toBe(sha256);
    await store.delete(kind);
  }
}

Deno.test({
  name: "GcsObjectStore on fake-gcs-server keeps objects of 64 MiB",
  ignore: withoutFakeGcs,
  fn: () => keepsLargeObjects(startFakeGcs),
});

Deno.test({
  name: "GcsObjectStore on gcp-storage-emulator keeps objects of 64 MiB",
  ignore: withoutGcpEmulator,
  fn: () => keepsLargeObjects(startGcpEmulator),
});
