/**
 * The rule for what is kept beside the bytes of an object, the same on every store.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { utf8Length } from "../keys.ts";
import type { ObjectInfo, PutOptions } from "./object_store.ts";

/** What the stores keep for themselves among the metadata begins with it. */
export const OWN_METADATA = "fusewire-";

/** The most that names and values may take, in UTF-8 bytes: S3 has room for 2,048, and some of it is the stores' own. */
const MAX_METADATA_BYTES = 1500;

/** What is kept beside the bytes of an object; what there is none of is absent. */
export type Description = Pick<ObjectInfo, "contentType" | "metadata">;

/**
 * Refuses a content type or metadata that not every store can keep, and gives a copy of what is to be kept.
 *
 * @throws {ConfigError} Names what was wrong.
 */
export function checkPutOptions(key: string, options: PutOptions): Description {
  const { contentType, metadata } = options;
  if (contentType !== undefined && !/^[!-~](?:[ -~]{0,254}[!-~])?$/.test(contentType)) {
    throw refused(key, `content type ${JSON.stringify(contentType)}`, "one has 1 to 256 printable ASCII characters");
  }
  const described = contentType === undefined ? {} : { contentType };
  if (metadata === undefined) return described;
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name) || name.startsWith(OWN_METADATA)) {
      throw refused(
        key,
        `metadata name ${JSON.stringify(name)}`,
        `one has 1 to 64 lower-case letters, digits and "-", begins with no "-" and not with "${OWN_METADATA}"`,
      );
    }
    if (typeof value !== "string" || !value.isWellFormed() || /\p{Cc}/u.test(value)) {
      throw refused(key, `metadata value of ${JSON.stringify(name)}`, "one is a text without control characters");
    }
    bytes += name.length + utf8Length(value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw refused(key, `metadata of ${bytes} bytes`, `names and values together take at most ${MAX_METADATA_BYTES}`);
  }
  return Object.keys(metadata).length === 0 ? described : { ...described, metadata: { ...metadata } };
}

function refused(key: string, what: string, rule: string): ConfigError {
  return new ConfigError(`The ${what} for the object ${JSON.stringify(key)} is refused: ${rule}.`);
}
