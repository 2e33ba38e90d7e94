/**
 * The codecs that `zarr.json` names.
 *
 * @module
 */
import { type Dtype, DTYPES } from "../dtype.ts";
import { product } from "../chunk_grid.ts";
import { type CodecChain, type Compressor, type ElementCodec, transposed } from "./chain.ts";
import { damagedArray, shownJson, unreadableArray } from "./errors.ts";
import type { ExactJson } from "./fill_value.ts";

/** Shards within shards deeper than this are not what anyone writes. */
const DEEPEST = 8;
/** The most chunks of a shard: an index of 64 MiB. */
const MOST_PARTS = 1 << 22;

/** A part of metadata that has a name. */
export interface Extension {
  /** Its name. */
  readonly name: string;
  /** Its settings. */
  readonly configuration: { readonly [key: string]: ExactJson | undefined };
}

/** Whether a value of JSON is an object. */
export function isObject(value: ExactJson | undefined): value is { readonly [key: string]: ExactJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of whole numbers from `least` on; `undefined` if it is none. */
export function lengthsOf(value: ExactJson | undefined, least: number): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const lengths: number[] = [];
  for (const length of value) {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < least) return undefined;
    lengths.push(length);
  }
  return lengths;
}

/** A name, or an object with a name and settings. */
export function extensionOf(value: ExactJson | undefined, what: string, array: string): Extension {
  if (typeof value === "string") return { name: value, configuration: {} };
  const { name, configuration = {} } = isObject(value) ? value : {};
  if (typeof name === "string" && isObject(configuration)) return { name, configuration };
  throw damagedArray(array, `its ${what} is ${shownJson(value)}`);
}

/** The codecs of a chunk of some shape. */
export function parseChain(
  value: ExactJson | undefined,
  shape: readonly number[],
  dtype: Dtype,
  array: string,
  depth = 0,
): CodecChain {
  if (depth > DEEPEST) throw unreadableArray(array, `it has shards within shards, ${depth} deep`);
  const list: readonly ExactJson[] = Array.isArray(value) ? value : [];
  let order = shape.map((_, axis) => axis);
  let elements: ElementCodec | undefined;
  const compressors: Compressor[] = [];
  for (const each of list) {
    const codec = extensionOf(each, "codec", array);
    const compressor = compressorOf(codec.name);
    const isInPlace = compressor === undefined ? elements === undefined : elements !== undefined;
    if (compressor === undefined && !["transpose", "bytes", "sharding_indexed"].includes(codec.name)) {
      throw unreadableArray(
        array,
        `it was written with the codec ${shownJson(codec.name)}; known are bytes, transpose, sharding_indexed, ` +
          "gzip, zstd, blosc and crc32c",
      );
    }
    if (!isInPlace) throw damagedArray(array, `its codecs are in the wrong order: ${shownJson(value)}`);
    if (compressor !== undefined) compressors.push(compressor);
    else if (codec.name === "transpose") order = transposed(order, orderOf(codec, shape.length, array));
    else if (codec.name === "bytes") elements = { kind: "bytes", bigEndian: isBigEndian(codec, dtype, array) };
    else elements = shardsOf(codec, transposed(shape, order), dtype, array, depth);
  }
  if (elements === undefined) {
    throw damagedArray(array, `its codecs are ${shownJson(value)}, none of which makes bytes`);
  }
  return { shape, order, elements, compressors };
}

function compressorOf(name: string): Compressor | undefined {
  switch (name) {
    case "gzip":
    case "zstd":
    case "blosc":
    case "crc32c":
      return name;
    default:
      return undefined;
  }
}

function orderOf({ configuration }: Extension, dimensions: number, array: string): readonly number[] {
  const order = lengthsOf(configuration["order"], 0);
  if (order?.length === dimensions && order.toSorted((a, b) => a - b).every((axis, at) => axis === at)) return order;
  throw damagedArray(
    array,
    `its dimensions are transposed to ${shownJson(configuration["order"])}, and it has ${dimensions} of them`,
  );
}

function isBigEndian({ configuration: { endian } }: Extension, dtype: Dtype, array: string): boolean {
  if (endian === "little" || endian === "big") return endian === "big";
  if ((endian === undefined || endian === null) && DTYPES[dtype].arrayClass.BYTES_PER_ELEMENT === 1) return false;
  throw damagedArray(array, `the byte order of its elements is ${shownJson(endian)}`);
}

function shardsOf(
  { configuration }: Extension,
  shape: readonly number[],
  dtype: Dtype,
  array: string,
  depth: number,
): ElementCodec {
  const chunkShape = lengthsOf(configuration["chunk_shape"], 1);
  const counts = chunkShape?.map((length, axis) => (shape[axis] ?? 0) / length) ?? [];
  if (chunkShape === undefined || counts.length !== shape.length || !counts.every(Number.isSafeInteger)) {
    throw damagedArray(
      array,
      `its shards of the shape ${shownJson(shape)} can not be made of chunks of ${
        shownJson(configuration["chunk_shape"])
      }`,
    );
  }
  if (product(counts) > MOST_PARTS) {
    throw unreadableArray(array, `its shards have ${shownJson(counts)} chunks, and at most ${MOST_PARTS} are allowed`);
  }
  const { index_location: indexAt = "end" } = configuration;
  if (indexAt !== "start" && indexAt !== "end") {
    throw damagedArray(array, `the index of its shards is at ${shownJson(indexAt)}`);
  }
  const index = parseChain(configuration["index_codecs"], [...counts, 2], "uint64", array, depth + 1);
  const isPlain = index.elements.kind === "bytes" && index.order.every((axis, at) => axis === at);
  if (!isPlain || !index.compressors.every((each) => each === "crc32c")) {
    throw unreadableArray(
      array,
      `the index of its shards was written with ${
        shownJson(configuration["index_codecs"])
      }; known are bytes and crc32c`,
    );
  }
  return {
    kind: "shards",
    chunkShape,
    counts,
    chain: parseChain(configuration["codecs"], chunkShape, dtype, array, depth + 1),
    indexAt,
    indexBigEndian: index.elements.kind === "bytes" && index.elements.bigEndian,
    indexChecksums: index.compressors.length,
  };
}
