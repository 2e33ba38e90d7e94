import { expect } from "@std/expect";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  type ChunkedArray,
  ConfigError,
  FusewireError,
  IntegrityError,
  InvalidKeyError,
  MemoryObjectStore,
  NotFoundError,
  openZarr,
  SerializationError,
} from "../../../../mod.ts";

type Json = Record<string, unknown>;

const BYTES = { name: "bytes", configuration: { endian: "little" } };

/** `zarr.json` of an array of six 32-bit integers in chunks of four, with changes. */
function metadata(changes: Json = {}): Json {
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [6],
    data_type: "int32",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [BYTES],
    ...changes,
  };
}

async function storeWith(zarr: Json | string, files: Record<string, Uint8Array> = {}): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  await store.put("a/zarr.json", new TextEncoder().encode(typeof zarr === "string" ? zarr : JSON.stringify(zarr)));
  for (const [name, bytes] of Object.entries(files)) await store.put(`a/${name}`, bytes);
  return store;
}

async function open(zarr: Json | string, files: Record<string, Uint8Array> = {}): Promise<ChunkedArray> {
  return await openZarr({ store: await storeWith(zarr, files), path: "a" });
}

const grid = (chunk_shape: unknown, name = "regular"): Json => ({
  chunk_grid: { name, configuration: { chunk_shape } },
});
const sharded = (changes: Json = {}): Json => ({
  codecs: [{
    name: "sharding_indexed",
    configuration: { chunk_shape: [2], codecs: [BYTES], index_codecs: [BYTES, { name: "crc32c" }], ...changes },
  }],
});
const nested = (depth: number): Json => {
  let codecs: unknown[] = [BYTES];
  for (let i = 0; i < depth; i++) codecs = sharded({ chunk_shape: [4], codecs })["codecs"] as unknown[];
  return { codecs };
};

const REFUSED: [
  what: string,
  metadata: Json | string,
  error: typeof IntegrityError | typeof SerializationError,
  message: RegExp,
][] = [
  ["no JSON", "{", IntegrityError, /zarr\.json can not be parsed/],
  ["JSON that is no object", "[]", IntegrityError, /holds no object/],
  ["JSON that is nested too deep", "[".repeat(200_000) + "]".repeat(200_000), IntegrityError, /can not be parsed/],
  ["another version", metadata({ zarr_format: 2 }), SerializationError, /Zarr version 2/],
  ["a group", metadata({ node_type: "group" }), SerializationError, /is a group/],
  ["another node", metadata({ node_type: "tree" }), IntegrityError, /node type is "tree"/],
  ["an unknown key", metadata({ magic: {} }), SerializationError, /has "magic", which is not known/],
  [
    "a storage transformer",
    metadata({ storage_transformers: [{ name: "x" }] }),
    SerializationError,
    /storage transformers/,
  ],
  ["complex numbers", metadata({ data_type: "complex128" }), SerializationError, /"complex128", complex numbers/],
  [
    "a structure",
    metadata({ data_type: { name: "structured", configuration: {} } }),
    SerializationError,
    /structured data/,
  ],
  ["strings", metadata({ data_type: "string" }), SerializationError, /"string", strings/],
  [
    "dates",
    metadata({ data_type: { name: "numpy.datetime64", configuration: { unit: "s" } } }),
    SerializationError,
    /dates/,
  ],
  ["a dtype of Object", metadata({ data_type: "constructor" }), SerializationError, /"constructor"/],
  ["no dtype", metadata({ data_type: 7 }), IntegrityError, /its data type is 7/],
  ["no shape", metadata({ shape: "6" }), IntegrityError, /its shape is "6"/],
  ["a negative shape", metadata({ shape: [-6] }), IntegrityError, /its shape is \[-6\]/],
  ["a fractional shape", metadata({ shape: [1.5] }), IntegrityError, /its shape is \[1\.5\]/],
  [
    "a shape past 2^53",
    metadata({ shape: [2 ** 40, 2 ** 40], ...grid([1, 1]) }),
    IntegrityError,
    /more than can be counted/,
  ],
  [
    "too many dimensions",
    metadata({ shape: Array(65).fill(1), ...grid(Array(65).fill(1)) }),
    IntegrityError,
    /its shape is/,
  ],
  ["an irregular grid", metadata(grid([4], "rectilinear")), SerializationError, /"rectilinear"/],
  ["chunks of other dimensions", metadata(grid([4, 4])), IntegrityError, /its chunks have the shape \[4,4\]/],
  ["chunks of no length", metadata(grid([0])), IntegrityError, /its chunks have the shape \[0\]/],
  [
    "huge chunks",
    metadata({ shape: [2 ** 40], ...grid([2 ** 40]) }),
    SerializationError,
    /chunks of 4398046511104 bytes.*maxChunkBytes/,
  ],
  ["huge chunks of a small array", metadata(grid([2 ** 50])), SerializationError, /more than the 536870912/],
  [
    "a fill value out of range",
    metadata({ fill_value: 2 ** 31 }),
    IntegrityError,
    /fill value 2147483648 is none for int32/,
  ],
  ["a fill value of text", metadata({ data_type: "float64", fill_value: "zero" }), IntegrityError, /fill value "zero"/],
  ["an unknown key encoding", metadata({ chunk_key_encoding: "fancy" }), SerializationError, /encoded as "fancy"/],
  [
    "a separator that leaves the folder",
    metadata({ chunk_key_encoding: { name: "default", configuration: { separator: "/../" } } }),
    IntegrityError,
    /separator "\/\.\.\/"/,
  ],
  ["no codecs", metadata({ codecs: [] }), IntegrityError, /none of which makes bytes/],
  [
    "an unknown codec",
    metadata({ codecs: [BYTES, { name: "numcodecs.lzma" }] }),
    SerializationError,
    /codec "numcodecs\.lzma"; known are/,
  ],
  ["codecs in the wrong order", metadata({ codecs: [{ name: "gzip" }, BYTES] }), IntegrityError, /wrong order/],
  ["two codecs that make bytes", metadata({ codecs: [BYTES, BYTES] }), IntegrityError, /wrong order/],
  ["no byte order", metadata({ codecs: ["bytes"] }), IntegrityError, /byte order of its elements is nothing/],
  [
    "a lying transposition",
    metadata({ codecs: [{ name: "transpose", configuration: { order: [1] } }, BYTES] }),
    IntegrityError,
    /transposed to \[1\]/,
  ],
  [
    "shards that chunks do not fill",
    metadata(sharded({ chunk_shape: [3] })),
    IntegrityError,
    /can not be made of chunks of \[3\]/,
  ],
  ["shards of no chunks", metadata(sharded({ chunk_shape: [0] })), IntegrityError, /can not be made of chunks/],
  [
    "shards with huge indices",
    metadata({ ...grid([2 ** 40]), ...sharded() }),
    SerializationError,
    /at most 4194304 are allowed/,
  ],
  [
    "a compressed index",
    metadata(sharded({ index_codecs: [BYTES, { name: "gzip" }] })),
    SerializationError,
    /index of its shards/,
  ],
  ["an index in the middle", metadata(sharded({ index_location: "middle" })), IntegrityError, /at "middle"/],
  ["shards within shards without end", metadata(nested(500)), SerializationError, /shards within shards/],
];

for (const [what, zarr, error, message] of REFUSED) {
  Deno.test(`openZarr refuses ${what} and names it`, async () => {
    await expect(open(zarr)).rejects.toThrow(error);
    await expect(open(zarr)).rejects.toThrow(message);
    await expect(open(zarr)).rejects.toThrow(/^The Zarr array "a" /);
  });
}

const codec = (...names: string[]): Json =>
  metadata({ codecs: [BYTES, ...names.map((name) => ({ name, configuration: {} }))] });
const FOUR = new Uint8Array(Int32Array.of(1, 2, 3, 4).buffer);
const GZIPPED = new Uint8Array(gzipSync(FOUR));
const ZSTD = new Uint8Array(zstdCompressSync(FOUR));
const BOMB = new Uint8Array(64 << 20);

function blosc(
  changes: Partial<Record<"flags" | "size" | "bytes" | "block" | "encoded", number>>,
  rest: number[] = [],
): Uint8Array {
  const header = new Uint8Array(16 + rest.length);
  const view = new DataView(header.buffer);
  header.set([2, 1, changes.flags ?? 0x31, changes.size ?? 4]);
  view.setUint32(4, changes.bytes ?? 16, true);
  view.setUint32(8, changes.block ?? 16, true);
  view.setUint32(12, changes.encoded ?? header.length, true);
  header.set(rest, 16);
  return header;
}

const DAMAGED: [what: string, metadata: Json, chunk: Uint8Array, message: RegExp][] = [
  ["too few bytes", metadata(), FOUR.slice(0, 15), /its chunk "c\/0" has 15 bytes of elements instead of 16/],
  ["too many bytes", metadata(), new Uint8Array(17), /its chunk "c\/0" has more than 16 bytes/],
  ["no bytes", metadata(), new Uint8Array(), /has 0 bytes of elements instead of 16/],
  ["gzip that is none", codec("gzip"), FOUR, /can not be decoded by gzip/],
  ["gzip that ends too early", codec("gzip"), GZIPPED.slice(0, -9), /can not be decoded by gzip/],
  ["gzip with another checksum", codec("gzip"), GZIPPED.with(GZIPPED.length - 6, 77), /can not be decoded by gzip/],
  [
    "a bomb of gzip",
    codec("gzip"),
    new Uint8Array(gzipSync(BOMB)),
    /has more than 4114 bytes|can not be decoded by gzip/,
  ],
  ["zstd that is none", codec("zstd"), FOUR, /can not be decoded by zstd/],
  [
    "zstd that ends too early",
    codec("zstd"),
    ZSTD.slice(0, -3),
    /bytes of elements instead of 16|can not be decoded by zstd/,
  ],
  ["a bomb of zstd", codec("zstd"), new Uint8Array(zstdCompressSync(BOMB)), /can not be decoded by zstd/],
  ["a wrong CRC-32C", codec("crc32c"), new Uint8Array(20), /does not agree with its checksum/],
  ["no room for a CRC-32C", codec("crc32c"), new Uint8Array(3), /too short for a checksum/],
  ["blosc that ends in its header", codec("blosc"), FOUR.slice(0, 9), /decoded by blosc \(it ends in its header\)/],
  [
    "blosc of gigabytes",
    codec("blosc"),
    blosc({ bytes: 0x7fffffff }),
    /says that it decodes to 2147483647 bytes, and at most 16/,
  ],
  ["blosc that ends too early", codec("blosc"), blosc({ encoded: 99 }), /its header says 99 bytes, and it has 16/],
  ["blosc without blocks", codec("blosc"), blosc({ block: 0 }), /its header does not fit its length/],
  ["blosc of many blocks", codec("blosc"), blosc({ block: 1 }, [0, 0, 0, 0]), /its header does not fit its length/],
  ["blosc whose block is elsewhere", codec("blosc"), blosc({}, [255, 255, 255, 255]), /its block 0 is damaged/],
  ["blosc whose stream is too long", codec("blosc"), blosc({}, [20, 0, 0, 0, 99, 0, 0, 0]), /its block 0 is damaged/],
  [
    "blosc whose stream is negative",
    codec("blosc"),
    blosc({}, [20, 0, 0, 0, 255, 255, 255, 255]),
    /its block 0 is damaged/,
  ],
  ["blosc whose stream is empty", codec("blosc"), blosc({}, [20, 0, 0, 0, 0, 0, 0, 0]), /its block 0 is damaged/],
  [
    "blosc with a match before its beginning",
    codec("blosc"),
    blosc({}, [20, 0, 0, 0, 4, 0, 0, 0, 0x10, 7, 9, 0]),
    /block 0 is damaged/,
  ],
  ["blosc of Snappy", codec("blosc"), blosc({ flags: 0x51 }, [20, 0, 0, 0, 0, 0, 0, 0]), /Snappy/],
  ["blosc that is stored and too short", codec("blosc"), blosc({ flags: 0x2 }), /does not hold what its header says/],
  [
    "a shard without room for its index",
    metadata(sharded()),
    FOUR,
    /its shard "c\/0" has 16 bytes, too few for its index/,
  ],
  [
    "a shard whose index has another checksum",
    metadata(sharded()),
    new Uint8Array(60),
    /the index of its shard "c\/0" is not what was written/,
  ],
  [
    "a shard whose index lies",
    metadata(sharded({ index_codecs: [BYTES] })),
    new Uint8Array(BigUint64Array.of(2n ** 60n, 8n, 0n, 8n).buffer),
    /says that a chunk is at 1152921504606846976 with 8 bytes, and there are 32/,
  ],
  [
    "a shard whose index overflows",
    metadata(sharded({ index_codecs: [BYTES] })),
    new Uint8Array(BigUint64Array.of(2n ** 64n - 1n, 2n, 0n, 8n).buffer),
    /says that a chunk is at 18446744073709551615/,
  ],
  [
    "a shard whose chunk is too long",
    metadata(sharded({ index_codecs: [BYTES] })),
    new Uint8Array(BigUint64Array.of(0n, 32n, 0n, 8n).buffer),
    /the chunk \[0\] of its shard "c\/0" has more than 8 bytes/,
  ],
];

for (const [what, zarr, chunk, message] of DAMAGED) {
  Deno.test(`openZarr finds ${what} when the chunk is read, and reads the others`, async () => {
    const array = await open(zarr, { "c/0": chunk });
    await expect(array.slice([0, 1])).rejects.toThrow(message);
    await expect(array.slice([0, 1])).rejects.toThrow(IntegrityError);
    expect([...(await array.slice([4])).data]).toEqual([0, 0]);
  });
}

Deno.test("openZarr gives a FusewireError or an array for whatever is done to a byte of a file", async () => {
  const files: [Json, Uint8Array][] = [
    [codec("gzip"), GZIPPED],
    [codec("zstd"), ZSTD],
    [codec("crc32c"), new Uint8Array(20)],
    [codec("blosc"), blosc({}, [20, 0, 0, 0, 16, 0, 0, 0, ...FOUR])],
    [codec("blosc"), blosc({ flags: 0x34 }, [20, 0, 0, 0, 4, 0, 0, 0, 0x1b, 7, 1, 0])],
    [codec("blosc"), blosc({ flags: 0x11 }, [20, 0, 0, 0, 4, 0, 0, 0, 0, 7, 0xe0, 5])],
    [metadata(sharded({ index_codecs: [BYTES] })), new Uint8Array(BigUint64Array.of(0n, 8n, 8n, 8n).buffer)],
  ];
  for (const [zarr, file] of files) {
    for (let at = 0; at < file.length; at++) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const array = await open(zarr, { "c/0": file.with(at, byte) });
        await array.slice().catch((error) => expect(error instanceof FusewireError).toBe(true));
      }
    }
  }
  const text = JSON.stringify(metadata(sharded()));
  for (let at = 0; at < text.length; at++) {
    for (const part of ["", "9", '"', "null", "{}", "-1"]) {
      await open(text.slice(0, at) + part + text.slice(at + 1)).then((array) => array.slice([0, 1])).catch((error) => {
        expect(error instanceof FusewireError).toBe(true);
      });
    }
  }
});

Deno.test("openZarr reads small settings that others write: names without settings, keys that need not be understood", async () => {
  const array = await open(
    metadata({
      ...{ extra: { must_understand: false }, attributes: { unit: "K" }, dimension_names: [null], fill_value: null },
      ...{ data_type: "uint8", chunk_key_encoding: "default", codecs: ["bytes", "crc32c"] },
    }),
  );
  expect([...(await array.slice()).data]).toEqual([0, 0, 0, 0, 0, 0]);
});

Deno.test("openZarr keeps fill values to the last bit", async () => {
  const text = JSON.stringify(metadata({ data_type: "uint64" })).replace(
    '"fill_value":0',
    '"fill_value":18446744073709551615',
  );
  expect([...(await (await open(text)).slice([0, 1])).data]).toEqual([2n ** 64n - 1n]);
  const bits = await open(metadata({ data_type: "float32", fill_value: "0x7fc00001" }));
  expect(new Uint32Array((await bits.slice([0, 1])).data.buffer)[0]).toBe(0x7fc00001);
});

Deno.test("openZarr says that there is no array, or only one of version 2", async () => {
  const store = new MemoryObjectStore();
  await expect(openZarr({ store, path: "a" })).rejects.toThrow(NotFoundError);
  await expect(openZarr({ store, path: "a/" })).rejects.toThrow(/^There is no Zarr array "a": it has no zarr\.json\.$/);
  await store.put("a/.zarray", new Uint8Array(1));
  await expect(openZarr({ store, path: "a" })).rejects.toThrow(/version 2, and only version 3 is known/);
  await expect(openZarr({ store, path: "../a" })).rejects.toThrow(InvalidKeyError);
  await expect(openZarr({ store, path: "a" }, { maxChunkBytes: 0 })).rejects.toThrow(ConfigError);
  const folder = await Deno.makeTempDir();
  await expect(openZarr(`${folder}/none`)).rejects.toThrow(NotFoundError);
  expect(await Array.fromAsync(Deno.readDir(folder))).toEqual([]);
  await Deno.remove(folder);
});

Deno.test("openZarr reads larger chunks if it is told so", async () => {
  const store = await storeWith(metadata({ shape: [1 << 28], ...grid([1 << 28]) }));
  await expect(openZarr({ store, path: "a" })).rejects.toThrow(/chunks of 1073741824 bytes/);
  const array = await openZarr({ store, path: "a" }, { maxChunkBytes: 1 << 30 });
  expect(array.chunks).toEqual([1 << 28]);
});
