/**
 * Replacement of parts of a value, without touching the value. No step recurses on depth.
 *
 * @module
 */

/** The value with other objects in the place of some; containers on the way are copied, shared and cyclic ones stay so. */
export function replaceIn(root: unknown, replacements: ReadonlyMap<object, unknown>): unknown {
  if (replacements.size === 0) return root;
  const copies = new Map<object, object>();
  const open: (() => void)[] = [];
  const replaced = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (replacements.has(value)) return replacements.get(value);
    const done = copies.get(value);
    if (done !== undefined) return done;
    const [copy, fill] = emptyCopy(value, replaced);
    copies.set(value, copy);
    if (fill !== undefined) open.push(fill);
    return copy;
  };
  const result = replaced(root);
  for (let fill = open.pop(); fill !== undefined; fill = open.pop()) fill();
  return result;
}

/** A container without its parts, and what puts them in; anything else as it is. */
function emptyCopy(value: object, part: (value: unknown) => unknown): [copy: object, fill?: () => void] {
  if (Array.isArray(value)) {
    const source: readonly unknown[] = value;
    const copy: unknown[] = source.slice();
    return [copy, () => {
      for (let i = 0; i < copy.length; i++) {
        if (typeof copy[i] === "object") copy[i] = part(copy[i]);
      }
    }];
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    return [copy, () => {
      for (const [key, entry] of value) copy.set(part(key), part(entry));
    }];
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    return [copy, () => {
      for (const element of value) copy.add(part(element));
    }];
  }
  if (Object.prototype.toString.call(value) !== "[object Object]") return [value];
  const copy: Record<string, unknown> = Object.create(null);
  return [copy, () => {
    for (const key of Object.keys(value)) copy[key] = part(Reflect.get(value, key));
    Object.setPrototypeOf(copy, Object.prototype);
  }];
}
