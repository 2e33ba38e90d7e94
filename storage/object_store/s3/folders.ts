/**
 * The rule that no object is a folder too, where the server has a word in it.
 *
 * @module
 */
import { aboveObjects, belowObject } from "../../keys.ts";
import type { Refusal } from "./refusal.ts";

/** What servers say that keep objects as files; AWS has no such rule. */
const BELOW: ReadonlySet<string> = new Set([
  "ObjectParentIsFile",
  "XMinioParentIsObject",
  "XMinioObjectParentIsObject",
]);
const ABOVE: ReadonlySet<string> = new Set(["ExistingObjectIsDirectory", "XMinioObjectExistsAsDirectory"]);

/**
 * Takes a refusal by a server that keeps objects and folders apart itself; every other is left to others.
 *
 * @throws {InvalidKeyError} If it is one.
 */
export function refuseFolder(key: string, { code }: Refusal): undefined {
  if (BELOW.has(code)) throw belowObject(key);
  if (ABOVE.has(code)) throw aboveObjects(key);
}
