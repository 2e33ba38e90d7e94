/**
 * The rule that no object is a folder too, where the server has a word in it.
 *
 * @module
 */
import type { InvalidKeyError } from "../../../src/errors.ts";
import { aboveObjects, belowObject } from "../../keys.ts";
import type { Refusal } from "./refusal.ts";

/** What servers say that keep objects as files; AWS has no such rule. */
const BELOW: ReadonlySet<string> = new Set([
  "ObjectParentIsFile",
  "XMinioParentIsObject",
  "XMinioObjectParentIsObject",
]);
const ABOVE: ReadonlySet<string> = new Set(["ExistingObjectIsDirectory", "XMinioObjectExistsAsDirectory"]);

/** The error for a refusal by a server that keeps objects and folders apart itself. */
export function folderRefusal(key: string, { code }: Refusal): InvalidKeyError | undefined {
  if (BELOW.has(code)) return belowObject(key);
  return ABOVE.has(code) ? aboveObjects(key) : undefined;
}
