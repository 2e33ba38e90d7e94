/**
 * Which values JSON keeps exactly.
 *
 * @module
 */

/** More parts than this, or longer texts together, are kept in a more compact form; parts, and UTF-16 units. */
const MAX_PARTS = 1_000_000;
const MAX_TEXT = 64 * 1024 * 1024;
/** How deep `JSON.stringify` may go, which recurses. */
const MAX_DEPTH = 500;

/**
 * Whether a value comes back from JSON as it was: plain objects and arrays, each in one place only, texts, finite numbers other than -0,
 * truth values and null.
 */
export function isExactJson(value: unknown): boolean {
  const seen = new Set<object>();
  const open: { readonly part: unknown; readonly depth: number }[] = [{ part: value, depth: 0 }];
  let parts = 0;
  let text = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part, depth } = next;
    if (++parts > MAX_PARTS || depth > MAX_DEPTH) return false;
    if (typeof part === "string") {
      text += part.length;
      if (text > MAX_TEXT) return false;
    } else if (typeof part === "number") {
      if (!Number.isFinite(part) || Object.is(part, -0)) return false;
    } else if (typeof part === "object" && part !== null) {
      if (seen.has(part)) return false;
      seen.add(part);
      const parts = partsOf(part);
      if (parts === undefined) return false;
      for (const inner of parts) open.push({ part: inner, depth: depth + 1 });
    } else if (typeof part !== "boolean" && part !== null) {
      return false;
    }
  }
  return true;
}

/** What is in a plain object or array; `undefined` if it is something else, or has more than JSON keeps. */
function partsOf(object: object): readonly unknown[] | undefined {
  const prototype = Object.getPrototypeOf(object);
  const keys = Object.keys(object);
  if (Array.isArray(object)) {
    const items: readonly unknown[] = object;
    // A hole has no key, and a property of its own is one more.
    return prototype === Array.prototype && keys.length === items.length && isDense(items) ? items : undefined;
  }
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return Object.values(object);
}

function isDense(items: readonly unknown[]): boolean {
  for (let i = 0; i < items.length; i++) if (!(i in items)) return false;
  return true;
}
