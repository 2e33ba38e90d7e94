/**
 * What an encoder writes for an object that it meets again.
 *
 * @module
 */
import type { ByteSink } from "./byte_sink.ts";
import type { DigestSink } from "./digest_sink.ts";
import { Tag } from "./tags.ts";

/** Follows the objects that an encoder opens and closes. */
export interface Identity {
  /** Writes an object in short if it was met before. Gives `false` if its form is to be written in full now. */
  recall(object: object): boolean;
  /** Called when the full form is complete. */
  close(object: object): void;
}

/** Numbers objects in the order they are met, and writes the number from then on. */
export class NumberedObjects implements Identity {
  readonly #numbers: Map<object, number> = new Map();
  readonly #sink: ByteSink;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  recall(object: object): boolean {
    const number = this.#numbers.get(object);
    if (number === undefined) {
      this.#numbers.set(object, this.#numbers.size);
      return false;
    }
    this.#sink.byte(Tag.REFERENCE);
    this.#sink.varint(number);
    return true;
  }

  close(): void {}
}

/** Thrown when a value that was taken for a tree leads back into itself. */
export class CycleFound extends Error {}

/** Writes every object as if it were met once, and remembers the digests of the large ones. */
export class DigestedObjects implements Identity {
  /** Objects that are open, and the digests of those that are complete. Small complete ones are written again. */
  readonly #digests: Map<object, Uint8Array<ArrayBuffer> | "open"> = new Map();
  readonly #sink: DigestSink;

  constructor(sink: DigestSink) {
    this.#sink = sink;
  }

  recall(object: object): boolean {
    const digest = this.#digests.get(object);
    if (digest === undefined) {
      this.#digests.set(object, "open");
      this.#sink.openObject();
      return false;
    }
    if (digest === "open") throw new CycleFound();
    this.#sink.digest(Tag.DIGEST, digest);
    return true;
  }

  close(object: object): void {
    const digest = this.#sink.closeObject();
    if (digest === undefined) this.#digests.delete(object);
    else this.#digests.set(object, digest);
  }
}
