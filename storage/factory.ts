import { ConfigError } from "../src/errors.ts";
import { FileStorage, type FileStorageOptions } from "./file_storage.ts";
import { GcsStorage } from "./gcs_storage.ts";
import { KvStorage } from "./kv_storage.ts";
import { MemoryStorage } from "./memory_storage.ts";
import type { GcsObjectStoreOptions } from "./object_store/gcs/options.ts";
import type { KvObjectStoreOptions } from "./object_store/kv/options.ts";
import type { S3ObjectStoreOptions } from "./object_store/s3/options.ts";
import { S3Storage } from "./s3_storage.ts";
import { readStorageFile } from "./storage_file.ts";
import {
  fileOptions,
  gcsOptions,
  isPlainRecord,
  kvOptions,
  memoryOptions,
  type MemoryStorageOptions,
  s3Options,
  shownValue,
} from "./storage_options.ts";
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
    readonly options?: MemoryStorageOptions;
  }
  | {
    /** A bucket on S3, or on a server that speaks its protocol. */
    readonly kind: "s3";
    /** Which one, and how. */
    readonly options: S3ObjectStoreOptions;
  }
  | {
    /** A bucket of Google Cloud Storage. */
    readonly kind: "gcs";
    /** Which one, and how. */
    readonly options: GcsObjectStoreOptions;
  }
  | {
    /** Deno KV. */
    readonly kind: "kv";
    /** Which one. Default: that of `Deno.openKv()`. */
    readonly options?: KvObjectStoreOptions;
  };

const KINDS = ["file", "memory", "s3", "gcs", "kv"] as const satisfies StorageConfig["kind"][];

/**
 * Makes a storage from plain data.
 *
 * @throws {ConfigError} If the kind is unknown, or an option is missing, unknown or of the wrong type.
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
  return makeStorage(await readStorageFile(path, shown), `The storage file ${shown}`);
}

function makeStorage(config: unknown, source: string): TaskStorage {
  if (!isPlainRecord(config)) throw new ConfigError(`${source} needs a record of \`kind\` and \`options\`.`);
  const { kind, options = {}, ...others } = config;
  const other = Object.keys(others)[0];
  if (other !== undefined) throw new ConfigError(`${source} has \`${other}\`; it takes only \`kind\` and \`options\`.`);
  const known = KINDS.find((name) => name === kind);
  if (known === undefined) {
    const what = kind === undefined
      ? "has no `kind`"
      : `has the unknown kind ${typeof kind === "string" ? JSON.stringify(kind) : shownValue(kind)}`;
    throw new ConfigError(`${source} ${what}; the kinds of storage are ${KINDS.join(", ")}.`);
  }
  if (!isPlainRecord(options)) {
    throw new ConfigError(`${source} needs a record as \`options\`, not ${shownValue(options)}.`);
  }
  switch (known) {
    case "file":
      return new FileStorage(fileOptions(options, source));
    case "memory":
      memoryOptions(options, source);
      return new MemoryStorage();
    case "s3":
      return new S3Storage(s3Options(options, source));
    case "gcs":
      return new GcsStorage(gcsOptions(options, source));
    case "kv":
      return new KvStorage(kvOptions(options, source));
  }
}
