/**
 * What the built-in materializers do, by their names.
 *
 * @module
 */
import { IntegrityError } from "../../../src/errors.ts";
import type { BuiltInName, FileFormatName } from "../built_in.ts";
import type { ArtifactFolder, Materialized, MaterializedBefore } from "../materializer.ts";
import { arrayFormat } from "./array.ts";
import { bytesFormat } from "./bytes.ts";
import { chunkedFolder } from "./chunked.ts";
import type { FileFormat, StoredFile } from "./file_format.ts";
import { imageFormat } from "./image.ts";
import { jsonFormat } from "./json.ts";
import { blobFormat, fileFormat, streamFormat } from "./streams.ts";
import { textFormat } from "./text.ts";
import { valueFolder, valueFormat } from "./value.ts";

const FILE_FORMATS: Readonly<Record<FileFormatName, FileFormat>> = {
  array: arrayFormat,
  blob: blobFormat,
  bytes: bytesFormat,
  file: fileFormat,
  image: imageFormat,
  json: jsonFormat,
  stream: streamFormat,
  text: textFormat,
  value: valueFormat,
};

/** Keeps values in a folder. */
export interface FolderFormat {
  /** Writes the files of a value. */
  save(value: unknown, dir: ArtifactFolder): Promise<Materialized>;
  /** Reads a value. */
  load(dir: ArtifactFolder, before: MaterializedBefore): Promise<unknown>;
}

/** How a built-in materializer keeps a value in one file. */
export function formatNamed(name: FileFormatName): FileFormat {
  return FILE_FORMATS[name];
}

/** How a built-in materializer keeps a value in a folder. */
export function folderFormat(name: BuiltInName): FolderFormat {
  if (name === "value") return valueFolder;
  if (name === "chunked-array") return chunkedFolder;
  return inFolder(FILE_FORMATS[name]);
}

/** Keeps values in a folder of one file. */
function inFolder(format: FileFormat): FolderFormat {
  return {
    async save(value: unknown, dir: ArtifactFolder): Promise<Materialized> {
      const { body, extension, type, format: name, statistics } = await format.encode(value, "");
      await dir.write(`data${extension}`, body);
      return { type, format: name, statistics };
    },

    async load(dir: ArtifactFolder, before: MaterializedBefore): Promise<unknown> {
      const [name, ...more] = await dir.list();
      if (name === undefined || more.length > 0) {
        throw new IntegrityError(`It has ${name === undefined ? "no" : more.length + 1} files instead of one.`);
      }
      return await format.decode(await storedFile(dir, name), before);
    },
  };
}

async function storedFile(dir: ArtifactFolder, name: string): Promise<StoredFile> {
  return {
    name: `The file ${JSON.stringify(name)}`,
    size: await dir.size(name),
    bytes: () => dir.read(name),
    stream: () => dir.open(name),
  };
}
