/**
 * One short name for what a value is.
 *
 * @module
 */
import { newSha256 } from "../digest.ts";
import { encodeCanonical } from "./canonical.ts";

/** Hashed in front of every value, so that no other use of SHA-256 gives the same hash. */
const PREFIX = "fusewire content 1\n";

/** Options of {@linkcode contentHash}. */
export interface ContentHashOptions {
  /**
   * Gives the bytes that stand for an object which has no canonical form of its own, such as an instance of a class.
   * Let them start with what tells its class from others. It is asked about every object.
   *
   * @default {() => undefined}
   */
  readonly external?: (value: object) => Iterable<Uint8Array> | undefined;
}

/**
 * SHA-256 of what a value is, as 64 hexadecimal digits: the same in every process for equal values, whatever the order
 * of their keys and whether equal parts are one object or several (except in a value that leads back into itself,
 * where an object that is referred to twice counts as different from two equal ones). Large buffers are hashed where
 * they are, without a copy.
 *
 * @throws {SerializationError} If a part has no canonical form; the message has its path, as in `$.rows[3].fn`.
 */
export function contentHash(value: unknown, options: ContentHashOptions = {}): string {
  const hash = newSha256().update(PREFIX);
  for (const chunk of encodeCanonical(value, options.external)) hash.update(chunk);
  return hash.digest("hex");
}
