/**
 * Paths of local files and their URLs, without a library: who imports the package pays for every module that it loads.
 *
 * @module
 */
import { InvalidKeyError } from "../../src/errors.ts";

const IS_WINDOWS = Deno.build.os === "windows";

/** What stands between the parts of a path. */
export const SEPARATOR = IS_WINDOWS ? "\\" : "/";

/** Whether a path begins at a root. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/") || (IS_WINDOWS && /^(?:[a-z]:)?[\\/]/i.test(path));
}

/** The path from the root, without `.`, `..` and empty parts; a relative one begins at the current folder. */
export function absolutePath(path: string): string {
  const whole = isAbsolute(path) ? path : `${Deno.cwd()}${SEPARATOR}${path}`;
  const [, drive = "", rest = ""] = (IS_WINDOWS ? /^((?:[a-z]:|[\\/]{2}[^\\/]+)?)(.*)$/is : /^()(.*)$/s).exec(whole) ??
    [];
  const parts: string[] = [];
  for (const part of rest.split(IS_WINDOWS ? /[\\/]/ : "/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `${drive}${SEPARATOR}${parts.join(SEPARATOR)}`;
}

/** The URL of an absolute path. */
export function fileUrl(path: string): string {
  const parts = path.split(SEPARATOR).map((part) => /^[a-z]:$/i.test(part) ? part : encodeURIComponent(part));
  return `file://${path.startsWith(SEPARATOR) ? "" : "/"}${parts.join("/")}`;
}

/**
 * The path that a URL of a local file stands for.
 *
 * @throws {InvalidKeyError} If it is none.
 */
export function pathOfFileUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "file:" && (parsed.host === "" || parsed.host === "localhost")) {
    try {
      const path = decodeURIComponent(parsed.pathname);
      return IS_WINDOWS ? path.slice(1).replaceAll("/", SEPARATOR) : path;
    } catch {
      // A "%" that encodes nothing.
    }
  }
  throw new InvalidKeyError(`The URI ${JSON.stringify(url)} is refused: it is no URL of a local file.`);
}
