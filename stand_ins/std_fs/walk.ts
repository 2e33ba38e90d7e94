import { basename, fromFileUrl, join, normalize } from "@std/path";

/** Something met on a walk. */
export interface WalkEntry extends Deno.DirEntry {
  /** Its path, below the root as the root was given. */
  path: string;
}

/** Options of {@linkcode walk}. */
export interface WalkOptions {
  /** How many levels below the root are walked. @default {Infinity} */
  maxDepth?: number;
  /** @default {true} */
  includeFiles?: boolean;
  /** Whether directories are given, the root first. @default {true} */
  includeDirs?: boolean;
  /** Whether links are given; has a meaning only where they are not followed. @default {true} */
  includeSymlinks?: boolean;
  /** Whether the walk goes on behind a link. @default {false} */
  followSymlinks?: boolean;
  /** Whether a followed link is given under the path it points to. @default {true} */
  canonicalize?: boolean;
  /** Gives only paths that end with one of these. */
  exts?: string[];
  /** Gives only paths that match one of these. */
  match?: RegExp[];
  /** Leaves out paths that match one of these, with everything below them. */
  skip?: RegExp[];
}

/** Thrown by {@linkcode walk} for a directory that can not be read. */
export class WalkError extends Error {
  /** The directory. */
  root: string;

  /** Wraps the error that reading the directory ended with. */
  constructor(cause: unknown, root: string) {
    super(`${cause instanceof Error ? cause.message : cause} for path "${root}"`, { cause });
    this.name = "WalkError";
    this.root = root;
  }
}

/** Gives everything below a directory, in the order of the file system, a directory before what it holds. */
export async function* walk(root: string | URL, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeDirs = true } = options;
  if (maxDepth < 0) return;
  const directory = root instanceof URL ? fromFileUrl(root) : root;
  if (includeDirs && isWanted(directory, options)) yield await directoryEntry(directory);
  if (maxDepth < 1 || isSkipped(directory, options)) return;
  try {
    for await (const entry of Deno.readDir(directory)) yield* visit(directory, entry, options);
  } catch (error) {
    throw error instanceof WalkError ? error : new WalkError(error, normalize(directory));
  }
}

async function* visit(
  directory: string,
  entry: Deno.DirEntry,
  options: WalkOptions,
): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeFiles = true, includeSymlinks = true, canonicalize = true } = options;
  let path = join(directory, entry.name);
  let descends = entry.isDirectory;
  if (entry.isSymlink) {
    if (!options.followSymlinks) {
      if (includeSymlinks && isWanted(path, options)) yield { path, ...entry };
      return;
    }
    const target = await Deno.realPath(path);
    if (canonicalize) path = target;
    const info = await Deno.lstat(target);
    descends = info.isDirectory || info.isSymlink;
  }
  if (descends) {
    yield* walk(path, { ...options, maxDepth: maxDepth - 1 });
  } else if (includeFiles && isWanted(path, options)) {
    yield { path, ...entry };
  }
}

async function directoryEntry(path: string): Promise<WalkEntry> {
  const normalized = normalize(path);
  const { isFile, isDirectory, isSymlink } = await Deno.stat(normalized);
  return { path: normalized, name: basename(normalized), isFile, isDirectory, isSymlink };
}

function isWanted(path: string, options: WalkOptions): boolean {
  const { exts, match } = options;
  if (exts && !exts.some((ext) => path.endsWith(ext))) return false;
  if (match && !match.some((pattern) => path.match(pattern))) return false;
  return !isSkipped(path, options);
}

function isSkipped(path: string, { skip }: WalkOptions): boolean {
  return skip?.some((pattern) => path.match(pattern)) ?? false;
}
