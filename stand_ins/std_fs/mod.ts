/** Stand-in for `@std/fs`: the part we use, written on `Deno.*`. @module */

export { emptyDir } from "./empty_dir.ts";
export { ensureDir } from "./ensure_dir.ts";
export { exists, type ExistsOptions } from "./exists.ts";
export { walk, type WalkEntry, WalkError, type WalkOptions } from "./walk.ts";
