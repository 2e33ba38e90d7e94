/**
 * Reads `.npy` files.
 *
 * @module
 */
import { DTYPES } from "./dtype.ts";
import { type ExactReader, exactReader } from "./exact_reader.ts";
import { NdArray } from "./ndarray.ts";
import { damaged, lengthBytesOf, type NpyHeader, parseNpyHeader, PREFIX_LENGTH, textLengthOf } from "./npy_header.ts";
import { swapBytes, toCOrder } from "./npy_order.ts";

/** The most that is allocated because a header says so, before as much has arrived. */
const TRUSTED = 16 * 1024 * 1024;

/** Options of {@linkcode readNpy}. */
export interface ReadNpyOptions {
  /**
   * Length of the whole file in bytes. With it a header that says something else is refused at once, the array is
   * allocated once, and a stream of type `"bytes"` fills it without a copy; without it the memory of a large array
   * grows as its bytes arrive.
   *
   * @default {the length of the bytes; unknown for a stream}
   */
  readonly byteLength?: number;
  /**
   * What errors call the file.
   *
   * @default {"The .npy file"}
   */
  readonly name?: string;
}

/**
 * Reads an array that NumPy wrote, in any of the versions 1.0 to 3.0. Big-endian elements and Fortran order are brought
 * into native C order. Truth values become a `Uint8Array` of 0 and 1, with the dtype `"bool"`.
 *
 * @throws {SerializationError} If no typed array holds such elements: complex numbers, strings, dates, structured
 * arrays, or pickled objects, which are never loaded.
 * @throws {IntegrityError} If the file is damaged, or is longer or shorter than its header says.
 *
 * @example A file that NumPy wrote
 * ```ts
 * import { NdArray, readNpy, writeNpy } from "@fusewire/fusewire";
 *
 * const file = writeNpy(new NdArray(Float32Array.of(1, 2, 3, 4), [2, 2]));
 * const array = await readNpy(file);
 * if (array.get(1, 1) !== 4) throw new Error("the last element is 4");
 * ```
 */
export async function readNpy(
  source: Uint8Array | ReadableStream<Uint8Array>,
  options: ReadNpyOptions = {},
): Promise<NdArray> {
  const { name = "The .npy file" } = options;
  const byteLength = options.byteLength ?? (source instanceof Uint8Array ? source.byteLength : undefined);
  const reader = exactReader(source, byteLength !== undefined);
  try {
    const array = await readFrom(reader, byteLength, name);
    await reader.close();
    return array;
  } catch (error) {
    // What the stream says about being given up is nothing against what was found in it.
    await reader.close(error).catch(() => {});
    throw error;
  }
}

async function readFrom(reader: ExactReader, fileLength: number | undefined, name: string): Promise<NdArray> {
  const { header, headerLength } = await readHeader(reader, name);
  if (fileLength !== undefined && headerLength + header.byteLength !== fileLength) {
    throw wrongLength(name, header, headerLength, `${fileLength} bytes`);
  }
  const { buffer, end } = await readElements(reader, header.byteLength, fileLength !== undefined);
  if (end < header.byteLength) throw wrongLength(name, header, headerLength, `${headerLength + end} bytes`);
  if ((await reader.fill(new ArrayBuffer(1), 0, 1)).end > 0) throw wrongLength(name, header, headerLength, "more");
  return arrayOf(buffer, header);
}

async function readHeader(
  reader: ExactReader,
  name: string,
): Promise<{ header: NpyHeader; headerLength: number }> {
  const lengthBytes = lengthBytesOf(await readExactly(reader, PREFIX_LENGTH, name), name);
  const textLength = textLengthOf(await readExactly(reader, lengthBytes, name), name);
  const header = parseNpyHeader(await readExactly(reader, textLength, name), name);
  return { header, headerLength: PREFIX_LENGTH + lengthBytes + textLength };
}

async function readExactly(reader: ExactReader, length: number, name: string): Promise<Uint8Array> {
  const { buffer, end } = await reader.fill(new ArrayBuffer(length), 0, length);
  if (end < length) throw damaged(name, "it ends in the middle of its header");
  return new Uint8Array(buffer);
}

/** Reads the elements into one buffer, which is made at once only where its length is sure or small. */
async function readElements(
  reader: ExactReader,
  byteLength: number,
  isSure: boolean,
): Promise<{ buffer: ArrayBuffer; end: number }> {
  let room = isSure ? byteLength : Math.min(byteLength, TRUSTED);
  let filled = await reader.fill(new ArrayBuffer(room), 0, room);
  while (filled.end === room && room < byteLength) {
    const start = room;
    room = Math.min(byteLength, 2 * room);
    filled = await reader.fill(filled.buffer.transfer(room), start, room);
  }
  return filled;
}

function arrayOf(elements: ArrayBuffer, { dtype, bigEndian, fortranOrder, shape }: NpyHeader): NdArray {
  const { arrayClass } = DTYPES[dtype];
  const elementSize = arrayClass.BYTES_PER_ELEMENT;
  if (bigEndian) swapBytes(elements, elementSize);
  const isTransposed = fortranOrder && shape.filter((length) => length !== 1).length > 1;
  const buffer = isTransposed ? toCOrder(elements, elementSize, shape) : elements;
  if (dtype !== "bool") return new NdArray(new arrayClass(buffer), shape);
  const data = new Uint8Array(buffer);
  for (let index = 0; index < data.length; index++) if ((data[index] ?? 0) > 1) data[index] = 1;
  return new NdArray(data, shape, { dtype });
}

function wrongLength(name: string, header: NpyHeader, headerLength: number, found: string): Error {
  return damaged(
    name,
    `its header says ${header.dtype} of shape (${header.shape.join(", ")}), which makes a file of ` +
      `${headerLength + header.byteLength} bytes, but it has ${found}`,
  );
}
