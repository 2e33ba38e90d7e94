/**
 * The element that stands where nothing was written.
 *
 * @module
 */
import { type Dtype, DTYPES } from "../dtype.ts";
import { arrayOver } from "../array_of.ts";

/** A number of JSON that a `number` can not hold exactly is a `bigint`. */
export type ExactJson = null | boolean | number | bigint | string | readonly ExactJson[] | {
  readonly [key: string]: ExactJson;
};

/** JSON whose whole numbers stay exact, also past 2^53. */
export function parseExactJson(text: string): ExactJson {
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
    const source = context?.source;
    return source !== undefined && /^-?\d+$/.test(source) && source !== "-0" ? BigInt(source) : value;
  });
}

/** The bytes of a fill value; `undefined` if it is none for the element type. */
export function fillBytes(dtype: Dtype, value: ExactJson | undefined): Uint8Array | undefined {
  const size = DTYPES[dtype].arrayClass.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(size);
  const bytes = new Uint8Array(buffer);
  if (value === null) return bytes;
  switch (dtype) {
    case "bool":
      if (typeof value !== "boolean") return undefined;
      bytes[0] = Number(value);
      return bytes;
    case "float16":
    case "float32":
    case "float64": {
      if (typeof value === "string" && /^0x[0-9a-f]+$/i.test(value)) return bitsOf(value, size);
      const number = floatOf(value);
      if (number === undefined) return undefined;
      arrayOver(dtype, buffer).fill(number);
      return bytes;
    }
    case "int64":
    case "uint64": {
      const whole = wholeOf(value);
      const array = arrayOver(dtype, buffer);
      if (whole === undefined) return undefined;
      array.fill(whole);
      return array[0] === whole ? bytes : undefined;
    }
    case "int8":
    case "uint8":
    case "int16":
    case "uint16":
    case "int32":
    case "uint32": {
      const array = arrayOver(dtype, buffer);
      if (typeof value !== "number") return undefined;
      array.fill(value);
      return array[0] === value ? bytes : undefined;
    }
  }
}

function floatOf(value: ExactJson | undefined): number | undefined {
  switch (value) {
    case "NaN":
      return NaN;
    case "Infinity":
      return Infinity;
    case "-Infinity":
      return -Infinity;
    default:
      return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
  }
}

function wholeOf(value: ExactJson | undefined): bigint | undefined {
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** The bits of a float in hexadecimal, the most significant first. */
function bitsOf(text: string, size: number): Uint8Array | undefined {
  if (text.length !== 2 + 2 * size) return undefined;
  return Uint8Array.fromHex(text.slice(2)).reverse();
}
