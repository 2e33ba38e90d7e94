/**
 * The header of a `.npy` file: "\x93NUMPY", a version, a length, and a Python dict with the element type, the order and
 * the shape.
 *
 * @module
 */
import { IntegrityError, SerializationError } from "../../src/errors.ts";
import { type Dtype, DTYPES } from "./dtype.ts";
import { sizeOf } from "./ndarray.ts";
import { parsePythonLiteral, type PythonLiteral } from "./python_literal.ts";

/** The header up to and with the version. */
export const PREFIX_LENGTH = 8;
/** Where the elements begin is a multiple of this. */
const ALIGNMENT = 64;
/** NumPy leaves room for a first dimension of this many digits, so that files can be appended to. */
const GROWTH_DIGITS = 21;
const LONGEST_SHORT_HEADER = 0xffff;
/** No header of an array of numbers comes near this. */
const LONGEST_HEADER = 0x10_0000;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/** What a header says. */
export interface NpyHeader {
  /** Type of the elements. */
  readonly dtype: Dtype;
  /** Whether the most significant byte of each element comes first. */
  readonly bigEndian: boolean;
  /** Whether the first index moves fastest. */
  readonly fortranOrder: boolean;
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Bytes of all elements. */
  readonly byteLength: number;
}

/** The header that NumPy writes for elements in native C order, byte for byte. */
export function formatNpyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const { npy, arrayClass } = DTYPES[dtype];
  const descr = `${arrayClass.BYTES_PER_ELEMENT === 1 ? "|" : "<"}${npy}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const [first] = shape;
  const growth = first === undefined ? 0 : Math.max(0, GROWTH_DIGITS - String(first).length);
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${" ".repeat(growth)}`;

  const short = dict.length + ALIGNMENT + 1 <= LONGEST_SHORT_HEADER;
  const lengthBytes = short ? 2 : 4;
  const unpadded = PREFIX_LENGTH + lengthBytes + dict.length + 1;
  const padding = (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
  const header = new Uint8Array(unpadded + padding);
  header.set([...MAGIC, short ? 1 : 2, 0]);
  const view = new DataView(header.buffer);
  const textLength = dict.length + padding + 1;
  if (short) view.setUint16(PREFIX_LENGTH, textLength, true);
  else view.setUint32(PREFIX_LENGTH, textLength, true);
  new TextEncoder().encodeInto(`${dict}${" ".repeat(padding)}\n`, header.subarray(PREFIX_LENGTH + lengthBytes));
  return header;
}

/** How many bytes the length of the header takes, by the first {@linkcode PREFIX_LENGTH} bytes of a file. */
export function lengthBytesOf(prefix: Uint8Array, file: string): 2 | 4 {
  if (prefix.length < PREFIX_LENGTH || MAGIC.some((byte, index) => prefix[index] !== byte)) {
    throw damaged(file, "it does not start with \\x93NUMPY and a version");
  }
  const [major, minor] = prefix.subarray(MAGIC.length);
  if (major === undefined || major < 1 || major > 3 || minor !== 0) {
    throw new SerializationError(`${file} is a .npy file of version ${major}.${minor}; versions 1.0 to 3.0 are known.`);
  }
  return major === 1 ? 2 : 4;
}

/** The length of the dict by the bytes that hold it. */
export function textLengthOf(bytes: Uint8Array, file: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length === 2 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > LONGEST_HEADER) throw damaged(file, `its header is said to have ${length} bytes`);
  return length;
}

/**
 * What a header says, by the text of its dict.
 *
 * @throws {IntegrityError} If it is no such dict.
 * @throws {SerializationError} If there is no typed array for such elements.
 */
export function parseNpyHeader(text: Uint8Array, file: string): NpyHeader {
  const header = parseDict(new TextDecoder().decode(text), file);
  const fortranOrder = header.get("fortran_order");
  const shape = header.get("shape");
  const descr = header.get("descr");
  if (header.size !== 3 || typeof fortranOrder !== "boolean" || descr === undefined || !isShape(shape)) {
    throw damaged(file, "its header is not a dict of 'descr', 'fortran_order' and 'shape'");
  }
  const { dtype, bigEndian } = parseDescr(descr, file);
  return { dtype, bigEndian, fortranOrder, shape, byteLength: byteLengthOf(dtype, shape, file) };
}

function parseDict(text: string, file: string): ReadonlyMap<string, PythonLiteral> {
  try {
    const literal = parsePythonLiteral(text);
    if (literal instanceof Map) return literal;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damaged(file, `its header can not be parsed: ${reason}`, cause);
  }
  throw damaged(file, "its header is not a dict");
}

function byteLengthOf(dtype: Dtype, shape: readonly number[], file: string): number {
  try {
    const byteLength = sizeOf(shape) * DTYPES[dtype].arrayClass.BYTES_PER_ELEMENT;
    if (Number.isSafeInteger(byteLength)) return byteLength;
  } catch (cause) {
    throw damaged(file, `its header has the shape (${shape.join(", ")})`, cause);
  }
  throw damaged(file, `its header has the shape (${shape.join(", ")})`);
}

function isShape(literal: PythonLiteral | undefined): literal is readonly number[] {
  return Array.isArray(literal) && literal.every((length) => typeof length === "number");
}

function parseDescr(descr: PythonLiteral, file: string): { dtype: Dtype; bigEndian: boolean } {
  if (typeof descr === "string") {
    for (const dtype of Object.keys(DTYPES) as Dtype[]) {
      if (descr.slice(1) === DTYPES[dtype].npy && /^[<>|=]/.test(descr)) return { dtype, bigEndian: descr[0] === ">" };
    }
  }
  throw new SerializationError(
    `${file} holds ${unsupported(descr)}, for which there is no typed array; convert it in NumPy, as with ` +
      "`array.astype('float64')`.",
  );
}

function unsupported(descr: PythonLiteral): string {
  if (typeof descr !== "string") return "a structured array";
  const named = `elements of the type ${JSON.stringify(descr.slice(0, 60))}`;
  switch (descr.replace(/^[<>|=]/, "")[0]) {
    case "O":
      return `${named}, pickled objects, which are never loaded because that would run their code`;
    case "c":
      return `${named}, complex numbers`;
    case "U":
    case "S":
    case "a":
      return `${named}, strings`;
    case "M":
    case "m":
      return `${named}, dates or durations`;
    case "V":
      return `${named}, raw or structured data`;
    case "f":
      return `${named}, long floats`;
    default:
      return named;
  }
}

/** The error for a file that NumPy did not write like that. */
export function damaged(file: string, what: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`${file} is damaged: ${what}.`, cause === undefined ? {} : { cause });
}
