import { ConfigError } from "../src/errors.ts";
import { FileStorage, type FileStorageOptions } from "./file_storage.ts";
import { MemoryStorage } from "./memory_storage.ts";
import type { TaskStorage } from "./task_storage.ts";

/** Which storage to make, as plain data. */
export type StorageConfig =
  | {
    /** A folder of local files. */
    readonly kind: "file";
    /** Where it is. */
    readonly options: FileStorageOptions;
  }
  | {
    /** The memory of this process. */
    readonly kind: "memory";
    /** There are none. */
    readonly options?: Readonly<Record<string, never>>;
  }
  | {
    /** A store that a later release brings; `ConfigError` until then. */
    readonly kind: "s3" | "gcs" | "kv";
    /** Its options. */
    readonly options?: Readonly<Record<string, unknown>>;
  };

const KINDS = ["file", "memory", "s3", "gcs", "kv"] as const satisfies StorageConfig["kind"][];

/**
 * Makes a storage from plain data.
 *
 * @throws {ConfigError} If the kind is unknown or not in this release, or an option is missing, unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { storageFactory } from "@fusewire/fusewire";
 *
 * const storage = storageFactory({ kind: "memory" });
 * await storage.save("etl", "total", 42);
 * ```
 */
export function storageFactory(config: StorageConfig): TaskStorage {
  return makeStorage(config, "storageFactory");
}

/**
 * Makes a storage from a YAML file with the same data, `kind` and `options`. In its texts, `${NAME}` stands for an environment variable and
 * `$${` for `${`.
 *
 * @throws {ConfigError} If the file can not be read or is no YAML, a variable is not set, or the data is refused by `storageFactory`.
 *
 * @example
 * ```ts
 * import { storageFromYaml } from "@fusewire/fusewire";
 *
 * const path = await Deno.makeTempFile({ suffix: ".yaml" });
 * await Deno.writeTextFile(path, "kind: memory\n");
 * const storage = await storageFromYaml(path);
 * await storage.save("etl", "total", 42);
 * ```
 */
export async function storageFromYaml(path: string | URL): Promise<TaskStorage> {
  const shown = path instanceof URL ? path.href : path;
  const text = await readConfig(path, shown);
  const { parse } = await import("@std/yaml");
  let config: unknown;
  try {
    config = parse(text);
  } catch (error) {
    // Its message has the line and the column.
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${shown} is no valid YAML: ${detail}`, { cause: error });
  }
  return makeStorage(fillIn(config, shown), `The storage file ${shown}`);
}

function makeStorage(config: unknown, source: string): TaskStorage {
  if (!isRecord(config)) throw new ConfigError(`${source} needs a record of \`kind\` and \`options\`.`);
  const { kind, options = {}, ...others } = config;
  const other = Object.keys(others)[0];
  if (other !== undefined) throw new ConfigError(`${source} has \`${other}\`; it takes only \`kind\` and \`options\`.`);
  const known = KINDS.find((name) => name === kind);
  if (known === undefined) {
    const what = kind === undefined ? "has no `kind`" : `has the unknown kind ${show(kind)}`;
    throw new ConfigError(`${source} ${what}; the kinds of storage are ${KINDS.join(", ")}.`);
  }
  if (!isRecord(options)) throw new ConfigError(`${source} needs a record as \`options\`, not ${show(options)}.`);
  switch (known) {
    case "file": {
      const { path } = checkOptions(options, ["path"], known, source);
      if (typeof path !== "string" || path === "") {
        throw new ConfigError(`${source} needs the option \`path\` for the kind "file": a folder, not ${show(path)}.`);
      }
      return new FileStorage({ path });
    }
    case "memory":
      checkOptions(options, [], known, source);
      return new MemoryStorage();
    case "s3":
    case "gcs":
    case "kv":
      throw new ConfigError(
        `${source} asks for a storage of the kind "${known}", which a later release brings; this one has file and memory.`,
      );
  }
}

function checkOptions(
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
  kind: string,
  source: string,
): Readonly<Record<string, unknown>> {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return options;
  const takes = names.length === 0 ? "none" : names.join(", ");
  throw new ConfigError(
    `${source} has the unknown option \`${unknown}\` for the kind "${kind}"; its options: ${takes}.`,
  );
}

async function readConfig(path: string | URL, shown: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${shown} can not be read: ${detail}`, { cause: error });
  }
}

/**
 * Fills variables into every text of a value, after it was parsed: what is in a variable never becomes structure. What YAML refers to
 * twice, or from within itself, is filled in once.
 */
function fillIn(value: unknown, file: string, filled: Map<unknown, unknown> = new Map()): unknown {
  if (typeof value === "string") {
    return value.replace(/(\$?)\$\{([^}]*)\}/g, (whole, escape: string, name: string) => {
      return escape === "" ? variable(name, file) : whole.slice(1);
    });
  }
  if (filled.has(value)) return filled.get(value);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    filled.set(value, items);
    for (const item of value) items.push(fillIn(item, file, filled));
    return items;
  }
  if (!isRecord(value)) return value;
  const record: Record<string, unknown> = Object.create(null);
  filled.set(value, record);
  for (const [key, item] of Object.entries(value)) record[key] = fillIn(item, file, filled);
  return record;
}

function variable(name: string, file: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ConfigError(
      `The storage file ${file} has \${${name}}, which names no variable; write $\${ for the text.`,
    );
  }
  let value: string | undefined;
  try {
    value = Deno.env.get(name);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The storage file ${file} needs the environment variable ${name}: ${detail}.`, {
      cause: error,
    });
  }
  if (value === undefined) {
    throw new ConfigError(`The storage file ${file} needs the environment variable ${name}, which is not set.`);
  }
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "object" ? `a ${Array.isArray(value) ? "list" : "record"}` : JSON.stringify(value);
}
