/**
 * What a range means for an object of a known size.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { ByteRange } from "./object_store.ts";

/**
 * The range with both ends, within an object of `size` bytes.
 *
 * @throws {ConfigError} If an end is not a whole number from 0 on, or they are in the wrong order.
 */
export function withinSize(range: ByteRange, size: number): { readonly start: number; readonly end: number } {
  const { start = 0, end = size } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < 0) {
    throw new ConfigError(
      `The range from ${start} to ${end} is refused: both ends are whole numbers of bytes from 0 on.`,
    );
  }
  if (range.end !== undefined && end < start) {
    throw new ConfigError(`The range from ${start} to ${end} is refused: it ends before it begins.`);
  }
  return { start: Math.min(start, size), end: Math.min(end, size) };
}
