/**
 * Keeps objects and folders apart where the server does not.
 *
 * @module
 */
import { aboveObjects, belowObject } from "../../keys.ts";

/** How a store is asked. */
export interface FolderLooks {
  /** Whether there is an object. */
  has(key: string): Promise<boolean>;
  /** Whether there is any object whose key begins so. */
  hasBelow(prefix: string): Promise<boolean>;
}

/**
 * Refuses a key that lies below an object, or has objects below it. Two processes that put both at the same moment are not found out; then
 * both objects are there, and each can be read.
 *
 * @throws {InvalidKeyError} Names the rule.
 */
export async function keepApart(key: string, looks: FolderLooks): Promise<void> {
  const above: Promise<boolean>[] = [];
  for (let at = key.indexOf("/"); at !== -1; at = key.indexOf("/", at + 1)) above.push(looks.has(key.slice(0, at)));
  const [hasBelow, ...isObject] = await Promise.all([looks.hasBelow(`${key}/`), ...above]);
  if (hasBelow) throw aboveObjects(key);
  if (isObject.includes(true)) throw belowObject(key);
}
