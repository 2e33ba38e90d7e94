/**
 * Values in the codec's encoding, in which some objects are kept apart.
 *
 * @module
 */
import { IntegrityError, SerializationError } from "../../../src/errors.ts";
import { ChunkedArray } from "../../codec/chunked_array.ts";
import type { External } from "../../codec/external.ts";
import { NdArray } from "../../codec/ndarray.ts";
import { decode, encode } from "../../codec/structured.ts";
import {
  type ArtifactFolder,
  completed,
  getMaterializer,
  type Materialized,
  type MaterializedBefore,
  registeredFor,
  registeredNamed,
  typeName,
} from "../materializer.ts";
import { builtIn, isBuiltIn } from "../built_in.ts";
import { InnerFolder } from "../inner_folder.ts";
import type { EncodedFile, FileFormat, StoredFile } from "./file_format.ts";

/** Arrays from this size on have a file of their own in the folder of a value, in bytes. */
const LARGE_ARRAY = 64 * 1024;
const FILE = "data.fusewire";
const APART: External = { serializer: "", pid: undefined };

/** Values in one file. */
export const valueFormat: FileFormat = {
  encode(value): EncodedFile {
    return { ...facts(value), body: encode(value), extension: ".fusewire", contentType: "application/octet-stream" };
  },

  async decode(file: StoredFile): Promise<unknown> {
    return decodeNamed(file.name, await file.bytes(), []);
  },
};

/**
 * Whether a part of a value needs files of its own: one of a class with a registered materializer, or an array in chunks.
 *
 * @throws {SerializationError} If another part of it can not be kept; the message has its path.
 */
export function needsFolder(value: unknown): boolean {
  return partsOf(value, (part) => part instanceof ChunkedArray || registeredFor(part) !== undefined).length > 0;
}

/** Keeps a value in a folder, with a folder of its own for each part that is kept apart. */
export const valueFolder = {
  async save(value: unknown, dir: ArtifactFolder): Promise<Materialized> {
    const parts = partsOf(
      value,
      (part) => part instanceof ChunkedArray || isLargeArray(part) || registeredFor(part) !== undefined,
    );
    const places = new Map(parts.map((part, pid): [object, External] => [part, { serializer: "", pid }]));
    const described: unknown[] = [];
    for (const [i, part] of parts.entries()) {
      const materializer = getMaterializer(part);
      const said = await materializer.save(part, new InnerFolder(dir, partFolder(i)));
      described.push({ materializer: materializer.name, ...completed(said, part, materializer.name) });
    }
    await dir.write(FILE, encode(value, { external: (object) => places.get(object) }));
    return { ...facts(value), ...(described.length === 0 ? {} : { statistics: { parts: described } }) };
  },

  async load(dir: ArtifactFolder, before: MaterializedBefore): Promise<unknown> {
    const described = before.statistics["parts"] ?? [];
    const parts: unknown[] = [];
    for (const [i, part] of (Array.isArray(described) ? described : []).entries()) {
      parts.push(await loadPart(part, new InnerFolder(dir, partFolder(i))));
    }
    return decodeNamed(`The file ${JSON.stringify(FILE)}`, await dir.read(FILE), parts);
  },
};

/** The materializer that was registered with a name, or is built in. */
export function materializerNamed(name: string): ReturnType<typeof getMaterializer> {
  if (isBuiltIn(name)) return builtIn(name);
  const materializer = registeredNamed(name);
  if (materializer !== undefined) return materializer;
  throw new SerializationError(
    `The materializer ${JSON.stringify(name)} is not registered; call registerMaterializer with it first.`,
  );
}

function partsOf(value: unknown, isPart: (object: object) => boolean): object[] {
  const parts: object[] = [];
  encode(value, {
    external(object) {
      // The value itself is what this keeps.
      if (object === value || !isPart(object)) return undefined;
      parts.push(object);
      return APART;
    },
  });
  return parts;
}

function isLargeArray(object: object): boolean {
  if (object instanceof NdArray) return object.data.byteLength >= LARGE_ARRAY;
  return ArrayBuffer.isView(object) && !(object instanceof DataView) && object.byteLength >= LARGE_ARRAY &&
    getMaterializer(object).name === "array";
}

async function loadPart(part: unknown, dir: ArtifactFolder): Promise<unknown> {
  if (typeof part !== "object" || part === null) throw new IntegrityError("Its list of parts is damaged.");
  const { materializer: name, type, format, statistics }: Record<string, unknown> = { ...part };
  if (
    typeof name !== "string" || typeof type !== "string" || typeof format !== "string" ||
    typeof statistics !== "object" || statistics === null
  ) throw new IntegrityError("Its list of parts is damaged.");
  return await materializerNamed(name).load(dir, { type, format, statistics: { ...statistics } });
}

function decodeNamed(name: string, bytes: Uint8Array, parts: readonly unknown[]): unknown {
  try {
    return decode(bytes, {
      external({ pid }) {
        if (typeof pid !== "number" || !(pid in parts)) throw new IntegrityError("It names a part that it has not.");
        return parts[pid];
      },
    });
  } catch (error) {
    if (error instanceof IntegrityError) throw new IntegrityError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

function facts(value: unknown): Required<Materialized> {
  return { type: typeName(value), format: "fusewire", statistics: {} };
}

function partFolder(i: number): string {
  return `parts/${i}/`;
}
