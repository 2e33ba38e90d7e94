import { expect } from "@std/expect";
import { rangedStream } from "../../../../storage/object_store/http/ranged_stream.ts";
import { requestBody } from "../../../../storage/object_store/http/request_body.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";

/** An object whose ranges come late and in any order, and how many are asked for at once. */
function sourceOf(object: Uint8Array<ArrayBuffer>, failAt = Infinity) {
  const seen = { underWay: 0, most: 0, asked: 0 };
  const fill = async (into: Uint8Array<ArrayBuffer>, position: number): Promise<void> => {
    seen.asked++;
    seen.most = Math.max(seen.most, ++seen.underWay);
    await new Promise((resolve) => setTimeout(resolve, (position * 7) % 5));
    seen.underWay--;
    if (position + into.length > failAt) throw new Error("the server broke");
    into.set(object.subarray(position, position + into.length));
  };
  return { seen, source: { size: object.length, fill } };
}

const OBJECT = bytesOf(1000);
const OPTIONS = { partBytes: 64, concurrency: 3 };

Deno.test("a stream gives the bytes of any range in order, some parts ahead", async () => {
  for (
    const [start, end, known] of [[0, 1000, 0], [0, 1000, 100], [13, 999, 1], [500, 500, 0], [10, 20, 10], [
      10,
      20,
      0,
    ]] as const
  ) {
    const { source, seen } = sourceOf(OBJECT);
    const stream = rangedStream(source, start, end, OPTIONS, OBJECT.slice(start, start + known));
    expect(await new Response(stream).bytes()).toEqual(OBJECT.slice(start, end));
    expect(seen.most).toBeLessThanOrEqual(3);
  }
});

Deno.test("a stream fills buffers of any size, between reads without one", async () => {
  for (const sizes of [[1, 1000], [64, 63, 65], [300, 0], [0, 10, 0, 500]]) {
    const { source, seen } = sourceOf(OBJECT);
    const stream = rangedStream(source, 0, 1000, OPTIONS, OBJECT.slice(0, 30));
    const pieces: number[] = [];
    for (let i = 0;; i++) {
      const size = sizes[i % sizes.length] ?? 0;
      if (size === 0) {
        const reader = stream.getReader();
        const { value, done } = await reader.read();
        reader.releaseLock();
        if (done) break;
        pieces.push(...value);
      } else {
        const reader = stream.getReader({ mode: "byob" });
        const { value, done } = await reader.read(new Uint8Array(size));
        reader.releaseLock();
        if (done) break;
        pieces.push(...value);
      }
    }
    expect(new Uint8Array(pieces)).toEqual(OBJECT);
    expect(seen.most).toBeLessThanOrEqual(3);
  }
});

Deno.test("a stream fails where its source does, after what is before, and asks for no more", async () => {
  const { source, seen } = sourceOf(OBJECT, 300);
  const reader = rangedStream(source, 0, 1000, OPTIONS).getReader();
  let size = 0;
  const reading = (async () => {
    for (;;) size += (await reader.read()).value?.length ?? 0;
  })();
  await expect(reading).rejects.toThrow("the server broke");
  expect(size).toBe(256);
  expect([seen.underWay, seen.asked < 10]).toEqual([0, true]);
});

Deno.test("a stream that is cancelled asks for no more, and waits for what is under way", async () => {
  const { source, seen } = sourceOf(OBJECT);
  const reader = rangedStream(source, 0, 1000, OPTIONS).getReader();
  await reader.read();
  await reader.cancel();
  expect(seen.underWay).toBe(0);
  expect(seen.asked).toBeLessThanOrEqual(4);
});

Deno.test("a body arrives as it is, with its length, however often it is sent", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { headers } = request;
    const body = await request.bytes();
    return Response.json({
      length: headers.get("content-length"),
      chunked: headers.has("transfer-encoding"),
      type: headers.get("content-type"),
      sum: body.reduce((sum, byte) => sum + byte, 0),
    });
  });
  for (const size of [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000]) {
    const bytes = bytesOf(size + 5).subarray(5);
    const expected = {
      length: String(size),
      chunked: false,
      type: null,
      sum: bytes.reduce((sum, byte) => sum + byte, 0),
    };
    for (let sent = 0; sent < 2; sent++) {
      const request = new Request(`http://127.0.0.1:${server.addr.port}/`, { method: "PUT", body: requestBody(bytes) });
      expect(await (await fetch(request)).json()).toEqual(expected);
    }
  }
  await server.shutdown();
});
