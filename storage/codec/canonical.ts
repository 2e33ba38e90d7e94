/**
 * The canonical form: the same bytes for the same value in every process.
 *
 * - Keys of plain objects are sorted: their order is no part of the value. Map and Set keep theirs, which a function
 *   can observe, and array-like order is order. Stacks of errors are left out.
 * - An object that takes 1 KiB or more is represented by the SHA-256 of its form. So an object that is referred to
 *   twice gives the same bytes as two equal objects, while the work stays in proportion to the number of references,
 *   also where writing each in full would be exponential.
 * - A value that leads back into itself can not be written like that. Its objects are numbered in the order they are
 *   met, and referred to by number. Equal graphs still give equal bytes; but in such a value an object that is
 *   referred to twice differs from two equal objects. A cache then misses where it could have hit, never the reverse.
 *
 * @module
 */
import { newSha256 } from "../digest.ts";
import { ByteSink } from "./byte_sink.ts";
import { DigestSink } from "./digest_sink.ts";
import { Encoder, type EncoderOptions } from "./encoder.ts";
import { CycleFound, DigestedObjects, type Identity, NumberedObjects } from "./identity.ts";
import { CANONICAL_GRAPH, CANONICAL_MAGIC, CANONICAL_TREE } from "./tags.ts";

/** Gives the bytes that stand for the content of an object, or `undefined` for one that is written by its parts. */
export type ContentOf = (value: object) => Iterable<Uint8Array> | undefined;

/**
 * The canonical form of a value.
 *
 * @throws {SerializationError} If a part has none; the message has its path.
 */
export function encodeCanonical(value: unknown, contentOf?: ContentOf): Uint8Array<ArrayBuffer>[] {
  const options: EncoderOptions = {
    canonical: true,
    content: contentOf && ((object) => digestOf(contentOf(object))),
  };
  try {
    const sink = new DigestSink();
    return writeTo(sink, CANONICAL_TREE, new DigestedObjects(sink), value, options);
  } catch (error) {
    if (!(error instanceof CycleFound)) throw error;
    const sink = new ByteSink();
    return writeTo(sink, CANONICAL_GRAPH, new NumberedObjects(sink), value, options);
  }
}

function writeTo(
  sink: ByteSink,
  version: number,
  identity: Identity,
  value: unknown,
  options: EncoderOptions,
): Uint8Array<ArrayBuffer>[] {
  try {
    for (const byte of [...CANONICAL_MAGIC, version]) sink.byte(byte);
    new Encoder(sink, identity, options).write(value);
    return sink.finish();
  } finally {
    sink.release();
  }
}

function digestOf(content: Iterable<Uint8Array> | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (content === undefined) return undefined;
  const hash = newSha256();
  for (const chunk of content) hash.update(chunk);
  return new Uint8Array(hash.digest());
}
