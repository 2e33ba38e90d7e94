/**
 * The rules of the service for the place of a store.
 *
 * @module
 */
import { ConfigError, InvalidKeyError } from "../../../src/errors.ts";
import { checkKey, utf8Length } from "../../keys.ts";

/** The longest prefix, in UTF-8 bytes: with it and a "/", the longest key still is a name that the service takes, 1,024 bytes. */
const MAX_PREFIX_BYTES = 255;

/**
 * Refuses a name that no bucket can have.
 *
 * @throws {ConfigError} Names it and the rule.
 */
export function checkBucketName(name: unknown): asserts name is string {
  const isName = typeof name === "string" && /^[a-z0-9](?:[a-z0-9._-]{0,220}[a-z0-9])?$/.test(name) &&
    name.split(".").every((part) => part.length >= 1 && part.length <= 63) && !/^\d+(?:\.\d+){3}$/.test(name);
  if (isName) return;
  throw new ConfigError(
    `The option \`bucket\` of a store of Google Cloud Storage can not be ${JSON.stringify(name) ?? "missing"}: ` +
      'the name of a bucket has up to 63 lower-case letters, digits, "-", "_" and ".", begins and ends with a letter or digit, ' +
      "and is no IP address.",
  );
}

/**
 * What the names of all objects of a store begin with: nothing, or the prefix and one "/".
 *
 * @throws {ConfigError} If the prefix can not be the beginning of a key.
 */
export function rootOf(prefix: string): string {
  if (prefix === "") return "";
  const folder = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  try {
    checkKey(folder);
  } catch (error) {
    if (!(error instanceof InvalidKeyError)) throw error;
    throw new ConfigError(`The option \`prefix\` can not be used: ${error.message}`);
  }
  if (utf8Length(folder) > MAX_PREFIX_BYTES) {
    throw new ConfigError(`The option \`prefix\` is longer than ${MAX_PREFIX_BYTES} UTF-8 bytes; take a shorter one.`);
  }
  return `${folder}/`;
}
