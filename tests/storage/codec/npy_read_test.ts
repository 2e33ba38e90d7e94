import { expect } from "@std/expect";
import * as fc from "fast-check";
import { FusewireError, IntegrityError, SerializationError } from "../../../src/errors.ts";
import { NdArray, readNpy } from "../../../mod.ts";
import { NPY_FIXTURES, REFUSED_FIXTURES } from "./npy_fixtures.ts";

const SIX_FLOATS = bytesOf("np.arange(6, dtype='<f8').reshape(2, 3)");

function bytesOf(made: string): Uint8Array<ArrayBuffer> {
  const fixture = NPY_FIXTURES.find((fixture) => fixture.made === made);
  if (fixture === undefined) throw new Error(`no fixture ${made}`);
  return Uint8Array.fromBase64(fixture.file);
}

function textOf(array: NdArray): string {
  const items: ArrayLike<number | bigint> = array.data;
  return Array.from(items, (item) => Object.is(item, -0) ? "-0" : String(item)).join(" ");
}

function textOfNumPy(values: string, { dtype }: NdArray): string {
  const isFloat = dtype.startsWith("float");
  return values.split(" ").map((text) => isFloat && text !== "-0" && text !== "" ? String(Number(text)) : text).join(
    " ",
  );
}

/** The bytes as a stream of chunks of one size, or as one that fills the buffers it is given. */
function streamed(bytes: Uint8Array<ArrayBuffer>, size: number, type?: "bytes"): ReadableStream<Uint8Array> {
  let position = 0;
  const pull = (controller: { enqueue(chunk: Uint8Array<ArrayBuffer>): void; close(): void }): void => {
    if (position < bytes.length) controller.enqueue(bytes.slice(position, position += size));
    else controller.close();
  };
  if (type === undefined) return new ReadableStream({ pull });
  return new ReadableStream({
    type,
    pull(controller: ReadableByteStreamController) {
      pull(controller);
      if (position >= bytes.length) controller.byobRequest?.respond(0);
    },
  });
}

/** A file with another header. */
function withHeader(text: string, elements: Uint8Array = new Uint8Array(), version = 1): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(text);
  const length = version === 1
    ? [header.length & 255, header.length >> 8]
    : [header.length & 255, (header.length >> 8) & 255, header.length >> 16, 0];
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...header, ...elements);
}

for (const { made, file, holds } of NPY_FIXTURES) {
  Deno.test(`readNpy() reads ${made}`, async () => {
    const array = await readNpy(Uint8Array.fromBase64(file));
    expect(array.dtype).toBe(holds.dtype);
    expect(array.shape).toEqual(holds.shape);
    expect(textOf(array)).toBe(textOfNumPy(holds.values, array));
  });
}

for (const { made, file, refused } of REFUSED_FIXTURES) {
  Deno.test(`readNpy() refuses ${made} and says why`, async () => {
    const error = await readNpy(Uint8Array.fromBase64(file), { name: "results.npy" }).catch((error) => error);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toContain("results.npy");
    expect(error.message).toContain(refused);
  });
}

Deno.test("readNpy() gives truth values as 0 and 1, whatever byte stands for true", async () => {
  const header = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n";
  const array = await readNpy(withHeader(header, Uint8Array.of(0, 1, 200)));
  expect(array.data).toEqual(Uint8Array.of(0, 1, 1));
  expect(array.dtype).toBe("bool");
});

Deno.test("readNpy() reads the header of Python 2, and one with other quotes and spaces", async () => {
  const header = `{ "shape" : ( 2L , 1L ) ,\n"fortran_order":True, "descr":"=i2"}`;
  const array = await readNpy(withHeader(header, Uint8Array.of(1, 0, 255, 255), 2));
  expect([array.dtype, array.shape, array.data]).toEqual(["int16", [2, 1], Int16Array.of(1, -1)]);
});

for (const size of [1, 7, 128, 1000]) {
  for (const type of [undefined, "bytes"] as const) {
    Deno.test(`readNpy() reads a stream of ${type ?? "chunks"} that gives ${size} bytes at once`, async () => {
      expect(textOf(await readNpy(streamed(SIX_FLOATS, size, type)))).toBe("0 1 2 3 4 5");
      const { byteLength } = SIX_FLOATS;
      expect(textOf(await readNpy(streamed(SIX_FLOATS, size, type), { byteLength }))).toBe("0 1 2 3 4 5");
    });
  }
}

Deno.test("readNpy() reads a large stream of unknown length", async () => {
  const data = new Float64Array(5_000_000).map((_, index) => index);
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${data.length},), }\n`;
  const file = withHeader(header);
  const whole = new Uint8Array(file.length + data.byteLength);
  whole.set(file);
  whole.set(new Uint8Array(data.buffer), file.length);
  for (const type of [undefined, "bytes"] as const) {
    const array = await readNpy(streamed(whole, 1_000_003, type));
    expect(array.size).toBe(data.length);
    expect(array.data.every((item, index) => item === index)).toBe(true);
    expect(array.data.buffer.byteLength).toBe(data.byteLength);
  }
});

Deno.test("readNpy() gives an array on a buffer of its own", async () => {
  const bytes = SIX_FLOATS.slice();
  const array = await readNpy(bytes);
  bytes.fill(255);
  expect(textOf(array)).toBe("0 1 2 3 4 5");
  expect(array.data.byteOffset).toBe(0);
});

Deno.test("readNpy() refuses a file that is cut off anywhere", async () => {
  for (let length = 0; length < SIX_FLOATS.length; length++) {
    await expect(readNpy(SIX_FLOATS.slice(0, length))).rejects.toThrow(IntegrityError);
    await expect(readNpy(streamed(SIX_FLOATS.slice(0, length), 50))).rejects.toThrow(IntegrityError);
  }
});

Deno.test("readNpy() refuses bytes after the end of the array", async () => {
  const longer = Uint8Array.of(...SIX_FLOATS, 0);
  await expect(readNpy(longer)).rejects.toThrow("which makes a file of 176 bytes, but it has 177 bytes");
  await expect(readNpy(streamed(longer, 50))).rejects.toThrow("which makes a file of 176 bytes, but it has more");
});

Deno.test("readNpy() refuses a header that differs from the length of the file, before it reads more", async () => {
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++;
      controller.enqueue(SIX_FLOATS.slice());
    },
  }, { highWaterMark: 0 });
  await expect(readNpy(stream, { byteLength: 1000 })).rejects.toThrow("but it has 1000 bytes");
  expect(pulled).toBe(1);
});

Deno.test("readNpy() does not allocate what a lying header asks for", async () => {
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n";
  const file = withHeader(header, new Uint8Array(800));
  const before = Deno.memoryUsage().external;
  await expect(readNpy(streamed(file, 100))).rejects.toThrow(IntegrityError);
  expect(Deno.memoryUsage().external - before).toBeLessThan(40_000_000);
  await expect(readNpy(file)).rejects.toThrow("which makes a file of 8000000000080 bytes, but it has 880 bytes");
});

Deno.test("readNpy() gives up the stream when it refuses it", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100)),
    cancel: () => {
      cancelled = true;
    },
  });
  await expect(readNpy(stream)).rejects.toThrow(IntegrityError);
  expect(cancelled).toBe(true);
});

Deno.test("readNpy() refuses a stream that someone else reads", async () => {
  const stream = streamed(SIX_FLOATS, 50, "bytes");
  stream.getReader();
  await expect(readNpy(stream, { byteLength: SIX_FLOATS.length })).rejects.toThrow(TypeError);
});

Deno.test("readNpy() passes on the error of the stream", async () => {
  const stream = new ReadableStream<Uint8Array>({
    pull() {
      throw new Error("the disk is gone");
    },
  });
  await expect(readNpy(stream)).rejects.toThrow("the disk is gone");
});

for (
  const [what, header] of [
    ["another key", "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), 'x': 1}"],
    ["no shape", "{'descr': '<f8', 'fortran_order': False}"],
    ["a key twice", "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (0,)}"],
    ["a shape that is no tuple", "{'descr': '<f8', 'fortran_order': False, 'shape': 0}"],
    ["a negative length", "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"],
    [
      "a product of lengths past what can be counted",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999, 9999999, 9999999)}",
    ],
    ["more bytes than can be counted", "{'descr': '<f8', 'fortran_order': False, 'shape': (4503599627370496,)}"],
    ["an order that is no truth value", "{'descr': '<f8', 'fortran_order': 0, 'shape': (0,)}"],
    ["a call in it", "{'descr': '<f8', 'fortran_order': False, 'shape': (len('a'),)}"],
    ["more after it", "{'descr': '<f8', 'fortran_order': False, 'shape': (0,)} + {}"],
    ["a list in place of a dict", "['<f8', False, (0,)]"],
    ["no end", "{'descr': '<f8', 'fortran_order': False, 'shape': (0,"],
    ["a string without an end", "{'descr': '<f8"],
    ["literals that never end", `{'descr': ${"(".repeat(60_000)}`],
    ["nothing in it", ""],
  ] as const
) {
  Deno.test(`readNpy() refuses a header with ${what}`, async () => {
    await expect(readNpy(withHeader(header), { name: "a.npy" })).rejects.toThrow(IntegrityError);
  });
}

Deno.test("readNpy() refuses other versions and other files", async () => {
  await expect(readNpy(withHeader("{}", undefined, 4))).rejects.toThrow("versions 1.0 to 3.0 are known");
  await expect(readNpy(new TextEncoder().encode("PK\x03\x04 a zip file"))).rejects.toThrow("does not start with");
  const long = Uint8Array.of(...withHeader("", undefined, 2).slice(0, 8), 255, 255, 255, 255);
  await expect(readNpy(long)).rejects.toThrow("its header is said to have 4294967295 bytes");
});

Deno.test("readNpy() only ever throws its own errors on damaged files", async () => {
  const files = [...NPY_FIXTURES, ...REFUSED_FIXTURES].map(({ file }) => Uint8Array.fromBase64(file));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.array(fc.tuple(fc.nat(200), fc.nat(255))), async (file, changes) => {
      const bytes = file.slice();
      for (const [index, byte] of changes) if (index < bytes.length) bytes[index] = byte;
      const result = await readNpy(bytes).catch((error) => error);
      expect(result instanceof NdArray || result instanceof FusewireError).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
