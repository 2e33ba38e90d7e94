/**
 * Keys by folder, so that what is below one is found without looking at all others.
 *
 * @module
 */
import { compareKeys } from "../keys.ts";

/** What is in one folder. */
interface Folder {
  /** Folders in it, by name. */
  readonly folders: Map<string, Folder>;
  /** Names of objects in it. */
  readonly names: Set<string>;
}

/** A set of keys. */
export class KeyTree {
  readonly #root: Folder = newFolder();

  /** Adds a key. */
  add(key: string): void {
    const segments = key.split("/");
    const name = segments.pop() ?? "";
    let at = this.#root;
    for (const segment of segments) {
      let next = at.folders.get(segment);
      if (next === undefined) at.folders.set(segment, next = newFolder());
      at = next;
    }
    at.names.add(name);
  }

  /** Removes a key, and the folders that become empty. */
  delete(key: string): void {
    const segments = key.split("/");
    const name = segments.pop() ?? "";
    const path = [this.#root];
    for (const segment of segments) {
      const next = path.at(-1)?.folders.get(segment);
      if (next === undefined) return;
      path.push(next);
    }
    path.at(-1)?.names.delete(name);
    for (let depth = segments.length; depth > 0; depth--) {
      const { folders, names } = path[depth]!;
      if (folders.size > 0 || names.size > 0) return;
      path[depth - 1]!.folders.delete(segments[depth - 1]!);
    }
  }

  /** Whether there are keys below a folder. */
  isFolder(key: string): boolean {
    return this.#folder(key.split("/")) !== undefined;
  }

  /** The keys that begin with `prefix`, sorted by their UTF-8 bytes. */
  below(prefix: string): string[] {
    const segments = prefix.split("/");
    const beginning = segments.pop() ?? "";
    const folder = this.#folder(segments);
    if (folder === undefined) return [];
    const keys: string[] = [];
    const path = segments.map((segment) => `${segment}/`).join("");
    for (const name of folder.names) if (name.startsWith(beginning)) keys.push(path + name);
    for (const [name, inner] of folder.folders) {
      if (name.startsWith(beginning)) collect(inner, `${path}${name}/`, keys);
    }
    return keys.sort(compareKeys);
  }

  #folder(segments: readonly string[]): Folder | undefined {
    let at: Folder | undefined = this.#root;
    for (const segment of segments) at = at?.folders.get(segment);
    return at;
  }
}

function newFolder(): Folder {
  return { folders: new Map(), names: new Set() };
}

function collect({ folders, names }: Folder, path: string, into: string[]): void {
  for (const name of names) into.push(path + name);
  for (const [name, inner] of folders) collect(inner, `${path}${name}/`, into);
}
