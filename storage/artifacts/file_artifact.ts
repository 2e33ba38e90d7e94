/**
 * Files as artifacts.
 *
 * @module
 */
import { ConfigError, NotFoundError } from "../../src/errors.ts";

/** Options of {@linkcode FileArtifact}. */
export interface FileArtifactOptions {
  /** Its name. @default {the last part of the path} */
  readonly name?: string;
  /** Its media type. @default {"application/octet-stream"} */
  readonly mediaType?: string;
}

/**
 * A file of any size, which is streamed and never whole in memory. Say so with this class: a text that names a file is kept as the text
 * that it is. It comes back as one that streams from the store.
 *
 * @example
 * ```ts
 * import { FileArtifact, MemoryArtifactStore } from "@fusewire/fusewire";
 *
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, "a,b\n1,2\n");
 * const artifacts = new MemoryArtifactStore();
 * await artifacts.save(new FileArtifact(path, { mediaType: "text/csv" }), "raw/table.csv");
 * const file = await artifacts.load("raw/table.csv");
 * if (!(file instanceof FileArtifact)) throw new Error("it comes back as a file");
 * await file.saveAs(`${path}.copy`);
 * ```
 */
export class FileArtifact {
  /** Its name, without folders. */
  readonly name: string;
  /** Its media type. */
  readonly mediaType: string;
  #open: () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;

  /** Names a local file without touching it. */
  constructor(path: string | URL, options: FileArtifactOptions = {}) {
    const text = path instanceof URL ? decodeURIComponent(path.pathname) : path;
    const { name = text.split(/[/\\]/).findLast((part) => part !== "") ?? "", mediaType = "application/octet-stream" } =
      options;
    if (name === "") throw new ConfigError("A FileArtifact needs the path of a file.");
    this.name = name;
    this.mediaType = mediaType;
    this.#open = async () => {
      try {
        return (await Deno.open(path)).readable;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        throw new NotFoundError(`There is no file ${JSON.stringify(text)} to keep as an artifact.`, { cause: error });
      }
    };
  }

  /** A file that is somewhere else. */
  static from(
    open: () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
    { name, mediaType }: Required<FileArtifactOptions>,
  ): FileArtifact {
    const file = new FileArtifact(name, { name, mediaType });
    file.#open = open;
    return file;
  }

  /** Streams it from its beginning. */
  async stream(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return await this.#open();
  }

  /** All of its bytes. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Response(await this.stream()).arrayBuffer());
  }

  /** Writes it to a local file. */
  async saveAs(path: string | URL): Promise<void> {
    await Deno.writeFile(path, await this.stream());
  }
}
