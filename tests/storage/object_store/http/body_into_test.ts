import { expect } from "@std/expect";
import { bodyInto } from "../../../../storage/object_store/http/body_into.ts";
import { AgainError } from "../../../../storage/object_store/http/transport.ts";

/** Bytes that differ from one place to the next. */
function someBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31) ^ (i >> 8));
}

Deno.test("bodyInto fills a buffer with a body of a server, of any size, and several at once", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return new Response(someBytes(Number(new URL(request.url).searchParams.get("size"))));
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await Promise.all([0, 1, 70_000, 1_048_576, 1_048_577, 5_000_000].map(async (size) => {
    const into = new Uint8Array(size);
    await bodyInto(await fetch(`${url}?size=${size}`), into);
    const expected = someBytes(size);
    expect(into.every((byte, i) => byte === expected[i])).toBe(true);
  }));
  for (const [size, length] of [[3_000_000, 2_999_999], [2_999_999, 3_000_000], [10, 9], [9, 10]] as const) {
    await expect(bodyInto(await fetch(`${url}?size=${size}`), new Uint8Array(length))).rejects.toThrow(AgainError);
  }
});

Deno.test("bodyInto takes a body that a test makes of pieces, and none", async () => {
  const pieces = () => ReadableStream.from([someBytes(3), someBytes(4)]);
  const into = new Uint8Array(7);
  await bodyInto(new Response(pieces()), into);
  expect(into).toEqual(new Uint8Array([...someBytes(3), ...someBytes(4)]));
  await expect(bodyInto(new Response(pieces()), new Uint8Array(6))).rejects.toThrow("more than the 6 bytes");
  await expect(bodyInto(new Response(pieces()), new Uint8Array(8))).rejects.toThrow("ended after 7 of 8 bytes");
  await bodyInto(new Response(null), new Uint8Array(0));
  await expect(bodyInto(new Response(null), new Uint8Array(1))).rejects.toThrow("ended after 0 of 1 bytes");
});
