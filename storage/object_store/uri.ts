/**
 * From what a person writes, a path or a URI, to a key of one store, and no other.
 *
 * @module
 */
import { InvalidKeyError } from "../../src/errors.ts";
import { checkKey } from "../keys.ts";
import { absolutePath, isAbsolute, pathOfFileUrl, SEPARATOR } from "./file_path.ts";
import type { ObjectStore } from "./object_store.ts";

/** What a URI of one of the stores begins with. */
const URI = /^(?:file|s3|gs):\/\/|^(?:kv|memory):/i;

/**
 * The key that a relative path, an absolute path (of a store of files) or a URI stands for.
 *
 * @throws {InvalidKeyError} If it is outside the store, or no key.
 */
export function keyOf(store: ObjectStore, pathOrUri: string): string {
  const key = URI.test(pathOrUri) ? keyOfUri(store, pathOrUri) : keyOfPath(store, pathOrUri);
  checkKey(key);
  return key;
}

function keyOfUri(store: ObjectStore, uri: string): string {
  if (store.kind === "file") {
    if (!/^file:/i.test(uri)) throw outside(store, uri);
    return keyOfPath(store, pathOfFileUrl(uri));
  }
  const root = rootOf(store);
  // The scheme and the name of a bucket or a prefix are compared as they are.
  if (!uri.startsWith(root)) throw outside(store, uri);
  return uri.slice(root.length);
}

function keyOfPath(store: ObjectStore, path: string): string {
  if (store.kind !== "file" || !isAbsolute(path)) return path;
  const root = pathOfFileUrl(rootOf(store));
  const within = absolutePath(path);
  if (!within.startsWith(root)) throw outside(store, path);
  return within.slice(root.length).replaceAll(SEPARATOR, "/");
}

/** The URI that every URI of the store begins with. */
function rootOf(store: ObjectStore): string {
  return store.uri("x").slice(0, -1);
}

function outside(store: ObjectStore, pathOrUri: string): InvalidKeyError {
  return new InvalidKeyError(
    `${JSON.stringify(pathOrUri)} is refused: it is outside the store ${store.place}, whose URIs begin with ${
      rootOf(store)
    }.`,
  );
}
