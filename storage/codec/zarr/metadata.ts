/**
 * `zarr.json`: what an array says of itself.
 *
 * @module
 */
import { type Dtype, DTYPES } from "../dtype.ts";
import { sizeOf } from "../ndarray.ts";
import type { ZarrLayout } from "./chain.ts";
import { damagedArray, reasonOf, shownJson, unreadableArray } from "./errors.ts";
import { type ExactJson, fillBytes, parseExactJson } from "./fill_value.ts";
import { extensionOf, isObject, lengthsOf, parseChain } from "./metadata_codecs.ts";

/** More dimensions than NumPy allows. */
const MOST_DIMENSIONS = 64;

/** Every key that an array may have; any other has to say that it need not be understood. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...["zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs"],
  ...["attributes", "dimension_names", "storage_transformers", "consolidated_metadata"],
]);

/**
 * What `zarr.json` says.
 *
 * @param array What messages call the array.
 * @throws {IntegrityError} If it is no such file.
 * @throws {SerializationError} If it asks for what can not be read here.
 */
export function parseMetadata(bytes: Uint8Array, array: string): ZarrLayout<Dtype> {
  const metadata = parse(bytes, array);
  if (metadata["zarr_format"] !== 3) {
    throw unreadableArray(
      array,
      `it is of Zarr version ${shownJson(metadata["zarr_format"])}, and only version 3 is known`,
    );
  }
  if (metadata["node_type"] === "group") {
    throw unreadableArray(array, "it is a group; give the path of one of the arrays in it");
  }
  if (metadata["node_type"] !== "array") {
    throw damagedArray(array, `its node type is ${shownJson(metadata["node_type"])}`);
  }
  refuseUnknown(metadata, array);
  const dtype = dtypeIn(metadata["data_type"], array);
  const shape = shapeIn(metadata["shape"], array);
  const chunkShape = chunkShapeIn(metadata["chunk_grid"], shape, array);
  const fill = fillBytes(dtype, metadata["fill_value"]);
  if (fill === undefined) {
    throw damagedArray(array, `its fill value ${shownJson(metadata["fill_value"])} is none for ${dtype}`);
  }
  const nameOf = namesIn(metadata["chunk_key_encoding"], array);
  return { shape, dtype, nameOf, fill, chain: parseChain(metadata["codecs"], chunkShape, dtype, array) };
}

function parse(bytes: Uint8Array, array: string): { readonly [key: string]: ExactJson } {
  let metadata: ExactJson;
  try {
    metadata = parseExactJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damagedArray(array, `its zarr.json can not be parsed (${reasonOf(cause)})`, cause);
  }
  if (isObject(metadata)) return metadata;
  throw damagedArray(array, "its zarr.json holds no object");
}

function refuseUnknown(metadata: { readonly [key: string]: ExactJson }, array: string): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (KNOWN_KEYS.has(key) || (isObject(value) && value["must_understand"] === false)) continue;
    throw unreadableArray(array, `its zarr.json has ${shownJson(key)}, which is not known and has to be understood`);
  }
  const transformers = metadata["storage_transformers"];
  if (transformers !== undefined && shownJson(transformers) !== "[]") {
    throw unreadableArray(array, `it was written through the storage transformers ${shownJson(transformers)}`);
  }
}

function dtypeIn(value: ExactJson | undefined, array: string): Dtype {
  const { name } = extensionOf(value, "data type", array);
  for (const dtype of Object.keys(DTYPES)) {
    if (dtype === name && isDtype(dtype)) return dtype;
  }
  throw unreadableArray(
    array,
    `it holds elements of the type ${shownJson(value)}, ${kindOf(name)}, for which there is no typed array; ` +
      "convert it in NumPy, as with `array.astype('float64')`",
  );
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPES, name);
}

function kindOf(name: string): string {
  if (name.startsWith("complex")) return "complex numbers";
  if (/datetime|timedelta/.test(name)) return "dates or durations";
  if (/string|utf|bytes/.test(name)) return "strings or bytes";
  return /struct|^r\d/.test(name) ? "raw or structured data" : "another kind";
}

function shapeIn(value: ExactJson | undefined, array: string): readonly number[] {
  const shape = lengthsOf(value, 0);
  if (shape === undefined || shape.length > MOST_DIMENSIONS) {
    throw damagedArray(array, `its shape is ${shownJson(value)}`);
  }
  try {
    sizeOf(shape);
  } catch (cause) {
    throw damagedArray(array, `its shape is ${shownJson(value)}, which is more than can be counted`, cause);
  }
  return shape;
}

function chunkShapeIn(value: ExactJson | undefined, shape: readonly number[], array: string): readonly number[] {
  const { name, configuration } = extensionOf(value, "chunk grid", array);
  if (name !== "regular") {
    throw unreadableArray(array, `its chunk grid is ${shownJson(name)}, and only "regular" is known`);
  }
  const chunkShape = lengthsOf(configuration["chunk_shape"], 0);
  const fits = chunkShape?.length === shape.length &&
    chunkShape.every((length, axis) => length > 0 || shape[axis] === 0);
  if (chunkShape === undefined || !fits) {
    throw damagedArray(
      array,
      `its chunks have the shape ${shownJson(configuration["chunk_shape"])}, and the array ${shownJson(shape)}`,
    );
  }
  return chunkShape.map((length) => Math.max(1, length));
}

function namesIn(value: ExactJson | undefined, array: string): (index: readonly number[]) => string {
  const { name, configuration } = extensionOf(value, "chunk key encoding", array);
  if (name !== "default" && name !== "v2") {
    throw unreadableArray(array, `its chunk keys are encoded as ${shownJson(name)}; "default" and "v2" are known`);
  }
  const { separator = name === "default" ? "/" : "." } = configuration;
  if (separator !== "/" && separator !== ".") {
    throw damagedArray(array, `its chunk keys have the separator ${shownJson(separator)}`);
  }
  if (name === "default") return (index) => ["c", ...index].join(separator);
  return (index) => index.length === 0 ? "0" : index.join(separator);
}
