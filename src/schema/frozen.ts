/**
 * Freezing of data.
 *
 * @module
 */

/** Freezes data and all that is in it, which is a tree. */
export function frozen<T extends object>(data: T): T {
  const open: object[] = [data];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    Object.freeze(part);
    for (const value of Object.values(part)) if (typeof value === "object" && value !== null) open.push(value);
  }
  return data;
}
