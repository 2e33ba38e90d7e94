/**
 * The rule that no object is a folder too, where the server has a word in it.
 *
 * @module
 */
import { aboveObjects, belowObject } from "../../keys.ts";
import { AgainError } from "../http/transport.ts";
import type { S3Client } from "./client.ts";
import { saidBy } from "./failures.ts";
import { pagesOf } from "./listing.ts";
import type { Refusal } from "./refusal.ts";

/** What servers say that keep objects as files; AWS has no such rule. */
const BELOW: ReadonlySet<string> = new Set([
  "ObjectParentIsFile",
  "XMinioParentIsObject",
  "XMinioObjectParentIsObject",
]);
const ABOVE: ReadonlySet<string> = new Set(["ExistingObjectIsDirectory", "XMinioObjectExistsAsDirectory"]);

/** How many objects are asked for to see whether there is one; some may be none of ours. */
const LOOK = 5;

/**
 * Takes a refusal by a server that keeps objects and folders apart itself; every other is left to others. That there is a folder is not taken
 * on trust: versitygw says so, too, of an object that others put and remove meanwhile.
 *
 * @throws {InvalidKeyError} If it is one.
 * @throws {AgainError} If the server says that there are objects below, and lists none.
 */
export async function refuseFolder(client: S3Client, key: string, refusal: Refusal): Promise<undefined> {
  if (BELOW.has(refusal.code)) throw belowObject(key);
  if (!ABOVE.has(refusal.code)) return;
  if (await hasBelow(client, `${key}/`)) throw aboveObjects(key);
  throw new AgainError(saidBy(refusal));
}

/** Whether there is any object whose key begins so. */
export async function hasBelow(client: S3Client, prefix: string): Promise<boolean> {
  for await (const page of pagesOf(client, prefix, LOOK)) if (page.length > 0) return true;
  return false;
}
