import { expect } from "@std/expect";
import fc from "fast-check";
import { lengthOf, MAX_PART_BYTES, MAX_PARTS, partSizes } from "../../../../storage/object_store/s3/part_sizes.ts";
import { headersOfPut, infoOf } from "../../../../storage/object_store/s3/metadata.ts";
import { S3Address } from "../../../../storage/object_store/s3/address.ts";
import { BucketPlace } from "../../../../storage/object_store/s3/bucket_place.ts";
import { Signer } from "../../../../storage/object_store/s3/signer.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { systemClock } from "../../../../src/clock.ts";

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

Deno.test("10,000 parts are enough for every body", () => {
  for (const length of [0, 1, 80 * 1000 * MIB, 5 * TIB, 48 * TIB]) {
    const sizeOf = partSizes(8 * MIB, length);
    expect(sizeOf(0)).toBe(sizeOf(9999));
    expect(sizeOf(0) * MAX_PARTS).toBeGreaterThanOrEqual(length);
    expect(sizeOf(0)).toBeLessThanOrEqual(MAX_PART_BYTES);
  }
  const sizeOf = partSizes(5 * MIB, undefined);
  let sum = 0;
  for (let index = 0; index < MAX_PARTS; index++) {
    expect(sizeOf(index)).toBeGreaterThanOrEqual(index === 0 ? 5 * MIB : sizeOf(index - 1));
    expect(sizeOf(index)).toBeLessThanOrEqual(MAX_PART_BYTES);
    sum += sizeOf(index);
  }
  expect(sum).toBeGreaterThan(5 * TIB);
  expect(lengthOf([new Uint8Array(2), new Uint8Array(3)])).toBe(5);
  expect(lengthOf(new Blob([]).stream())).toBe(undefined);
});

Deno.test("metadata of any text goes through headers and back", () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/).filter((name) => !name.startsWith("fusewire-"));
  const value = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.string({ maxLength: 20 }),
    fc.constantFrom("=?UTF-8?B?eA==?=", " ", ""),
  )
    .filter((text) => text.isWellFormed() && !/\p{Cc}/u.test(text));
  fc.assert(fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (metadata) => {
    const headers = new Headers(headersOfPut("k", { metadata, contentType: "a/b" }, { put: "p", sha256: "s" }));
    for (const [, text] of headers) expect(text).toMatch(/^[ -~]*$/);
    const info = infoOf("k", 3, headers);
    expect(info).toEqual({
      key: "k",
      size: 3,
      sha256: "s",
      contentType: "a/b",
      ...(Object.keys(metadata).length === 0 ? {} : { metadata: { ...metadata } }),
    });
  }));
  const own = { put: "p".repeat(36), sha256: "s".repeat(64) };
  const large = { metadata: { a: "é".repeat(740) } };
  expect(() => headersOfPut("k", large, own)).toThrow(ConfigError);
  expect(() => headersOfPut("k", large, own)).toThrow("S3 keeps 2048");
  const others = new Headers({
    "x-amz-meta-a": "=?UTF-8?Q?J=C3=B6_x?= =?utf-8?b?w7Y=?=",
    "x-amz-meta-b": "=?UTF-8?B?/?=",
  });
  expect(infoOf("k", 0, others).metadata).toEqual({ a: "Jö xö", b: "=?UTF-8?B?/?=" });
});

Deno.test("two names never have the same address, and each is signed as it is sent", async () => {
  const place = new BucketPlace({ bucket: "bucket" });
  const address = new S3Address(place, { bucket: "bucket", endpoint: "http://127.0.0.1:1", region: "us-east-1" });
  const segment = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 })
    .filter((text) => text.isWellFormed() && !/^\.{1,2}$|[/\\]|\p{Cc}/u.test(text));
  const signer = new Signer("us-east-1", systemClock);
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 3 }), async (segments) => {
      const name = segments.join("/");
      const url = address.url(name, { prefix: name });
      expect(new Request(url).url).toBe(url);
      expect(decodeURIComponent(new URL(url).pathname)).toBe(`/bucket/${name}`);
      expect(new URL(url).searchParams.get("prefix")).toBe(name);
      const headers = await signer.sign(
        { method: "GET", url, headers: new Headers(), bodySha256: "x" },
        { accessKeyId: "a", secretAccessKey: "b" },
      );
      expect(headers.get("authorization")).toMatch(
        /^AWS4-HMAC-SHA256 Credential=a\/\d{8}\/us-east-1\/s3\/aws4_request/,
      );
    }),
    { numRuns: 50 },
  );
});
