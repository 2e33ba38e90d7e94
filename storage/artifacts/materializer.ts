/**
 * Materializers: how artifacts of one kind are kept in files.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { ProtocolEntry } from "../protocols.ts";
import { BUILT_IN_NAMES, builtInFor } from "./built_in.ts";
import type { Facts } from "./entry.ts";

/** The folder of one artifact, on whatever store it is: files by name. */
export interface ArtifactFolder extends ProtocolEntry {
  /** Names of its files, sorted by their UTF-8 bytes. */
  list(): Promise<readonly string[]>;
  /** Length of a file in bytes. Throws `NotFoundError` if there is none. */
  size(name: string): Promise<number>;
}

/** What a materializer says of what it saved. */
export interface Materialized {
  /** What it is. @default {name of its class} */
  readonly type?: string;
  /** Format of the files. @default {name of the materializer} */
  readonly format?: string;
  /** Plain JSON data about it, for `metadata.json` and the catalog. @default {{}} */
  readonly statistics?: Facts;
}

/** What was said when it was saved. */
export type MaterializedBefore = Required<Materialized>;

/**
 * Keeps artifacts of one kind in files. The same materializer works on every store.
 *
 * @typeParam T What it keeps.
 */
export interface Materializer<T = unknown> {
  /** Name that is stored with each artifact, and finds the materializer again. */
  readonly name: string;
  /** Whether it keeps this value. */
  handles(value: unknown): boolean;
  /** Writes the files of a value into an empty folder. */
  save(value: T, dir: ArtifactFolder): Promise<Materialized | void>;
  /** Reads the value back. */
  load(dir: ArtifactFolder, before: MaterializedBefore): Promise<T>;
}

const registered = new Map<string, Materializer>();

/**
 * Adds a materializer, for every artifact store of this process. Of several that handle a value the last one that was registered keeps it,
 * and any of them comes before those that are built in. One with the name of another takes its place.
 *
 * It also keeps such values inside plain data, at any depth.
 *
 * @throws {ConfigError} If it has no name or lacks a method, or has the name of one that is built in.
 *
 * @example A class of one's own
 * ```ts
 * import { MemoryArtifactStore, registerMaterializer } from "@fusewire/fusewire";
 *
 * class Vocabulary {
 *   constructor(readonly words: string[]) {}
 * }
 *
 * registerMaterializer({
 *   name: "vocabulary",
 *   handles: (value) => value instanceof Vocabulary,
 *   async save(vocabulary: Vocabulary, dir) {
 *     await dir.write("words.txt", new TextEncoder().encode(vocabulary.words.join("\n")));
 *     return { format: "lines", statistics: { words: vocabulary.words.length } };
 *   },
 *   async load(dir) {
 *     return new Vocabulary(new TextDecoder().decode(await dir.read("words.txt")).split("\n"));
 *   },
 * });
 *
 * const artifacts = new MemoryArtifactStore();
 * const path = await artifacts.materialize(new Vocabulary(["a", "b"]), "vocabulary", "run-1", "tokenize");
 * const vocabulary = await artifacts.load(path);
 * if (!(vocabulary instanceof Vocabulary)) throw new Error("it comes back as what it was");
 * ```
 */
export function registerMaterializer<T>(materializer: Materializer<T>): void {
  const { name } = materializer;
  if (typeof name !== "string" || name === "") {
    throw new ConfigError("A materializer needs a `name`, a string that is stored with every artifact.");
  }
  for (const method of ["handles", "save", "load"] as const) {
    if (typeof materializer[method] !== "function") {
      throw new ConfigError(`The materializer ${JSON.stringify(name)} needs a method \`${method}\`.`);
    }
  }
  if (BUILT_IN_NAMES.has(name)) {
    throw new ConfigError(
      `The materializer ${JSON.stringify(name)} has the name of one that is built in; give it another, ` +
        "because the name is stored with every artifact. It comes before the one that is built in anyway.",
    );
  }
  registered.delete(name);
  registered.set(name, materializer);
}

/**
 * The materializer that keeps a value: the last one that was registered for it, else one that is built in. Every value has one; whether it
 * can be kept shows when it is saved.
 */
export function getMaterializer(value: unknown): Materializer {
  return registeredFor(value) ?? builtInFor(value);
}

/** The materializer that was registered for a value. */
export function registeredFor(value: unknown): Materializer | undefined {
  for (const materializer of [...registered.values()].reverse()) {
    if (materializer.handles(value)) return materializer;
  }
  return undefined;
}

/** Whether any was registered. */
export function hasRegistered(): boolean {
  return registered.size > 0;
}

/** The materializer that was registered with a name. */
export function registeredNamed(name: string): Materializer | undefined {
  return registered.get(name);
}

/** What a materializer said, with what it left out. */
export function completed(said: Materialized | void, value: unknown, name: string): MaterializedBefore {
  const { type = typeName(value), format = name, statistics = {} } = said ?? {};
  return { type, format, statistics };
}

/** The name of what a value is. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}
