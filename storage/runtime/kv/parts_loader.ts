/**
 * Loads the parts of KV runtime storages, which are forty modules, when the first storage is used.
 *
 * @module
 */
import type { kvParts } from "./parts.ts";

let loaded: typeof kvParts | undefined;

/** What puts the parts of a storage together, if it is loaded. */
export function kvPartsLoaded(): typeof kvParts | undefined {
  return loaded;
}

/** Called by the parts themselves: whoever imports them has them at once. */
export function providesKvParts(parts: typeof kvParts): void {
  loaded = parts;
}

/** Loads what puts the parts of a storage together. */
export async function loadKvParts(): Promise<typeof kvParts> {
  return (await import("./parts.ts")).kvParts;
}
