import type { ByteRange, ObjectBody } from "../object_store/object_store.ts";
import type { ArtifactFolder } from "./materializer.ts";

/** A folder within the folder of an artifact. */
export class InnerFolder implements ArtifactFolder {
  readonly #outer: ArtifactFolder;
  readonly #prefix: string;

  /** @param prefix What the names of its files begin with, ending in "/". */
  constructor(outer: ArtifactFolder, prefix: string) {
    this.#outer = outer;
    this.#prefix = prefix;
  }

  /** Streams a file, or a part of it. */
  open(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#outer.open(this.#prefix + name, range);
  }

  /** Reads a file, or a part of it. */
  read(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return this.#outer.read(this.#prefix + name, range);
  }

  /** Writes a file at once or not at all. */
  write(name: string, body: ObjectBody): Promise<void> {
    return this.#outer.write(this.#prefix + name, body);
  }

  /** Removes a file; silent if there is none. */
  remove(name: string): Promise<void> {
    return this.#outer.remove(this.#prefix + name);
  }

  /** Length of a file in bytes. */
  size(name: string): Promise<number> {
    return this.#outer.size(this.#prefix + name);
  }

  /** Names of its files. */
  async list(): Promise<readonly string[]> {
    const names = (await this.#outer.list()).filter((name) => name.startsWith(this.#prefix));
    return names.map((name) => name.slice(this.#prefix.length));
  }
}
