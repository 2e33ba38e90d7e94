/**
 * What the system's errors mean to a store of files.
 *
 * @module
 */
import { ConfigError, PermissionError } from "../../src/errors.ts";

/** Error codes of a place that takes no more bytes. */
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Error codes of a file system on which a file has one name. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Whether a file got no second name because the file system has no such thing. */
export function hasNoLinks(error: unknown): boolean {
  return NO_LINKS.has(codeOf(error) ?? "");
}

/** Whether a file or one of its folders does not exist, or a folder of it is a file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * The error to throw instead of the system's, where there is a better one.
 *
 * @param doing What was tried, such as `write the object "a"`.
 * @param root The folder of the store.
 */
export function fileError(error: unknown, doing: string, root: string): unknown {
  const code = codeOf(error) ?? "";
  if (FULL.has(code)) {
    return new ConfigError(
      `The store in the folder ${root} could not ${doing}: no space is left there (${code}). ` +
        "Free some or choose another folder; what was stored before is unchanged.",
      { cause: error },
    );
  }
  if (code === "EROFS") {
    return new ConfigError(`The store in the folder ${root} could not ${doing}: the file system is read-only.`, {
      cause: error,
    });
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new PermissionError(
      `The store in the folder ${root} could not ${doing}: the system denied access (${error.message}).`,
      { cause: error },
    );
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new PermissionError(`The store in the folder ${root} could not ${doing}: ${error.message}.`, {
      cause: error,
    });
  }
  return error;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}
