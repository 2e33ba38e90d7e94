/**
 * The default encoding: values to bytes and back. Compact, tagged, with buffers as they are, and safe to decode
 * whatever the bytes are.
 *
 * It keeps what structured clone keeps (see {@linkcode encode}). A value is written in one pass and in the order of
 * its parts; see `tags.ts` for the bytes.
 *
 * @module
 */
import { IntegrityError, SerializationError } from "../../src/errors.ts";
import { encodeCanonical } from "./canonical.ts";
import { ByteSink } from "./byte_sink.ts";
import { ByteSource } from "./byte_source.ts";
import { Decoder } from "./decoder.ts";
import { Encoder } from "./encoder.ts";
import type { External } from "./external.ts";
import { NumberedObjects } from "./identity.ts";
import { CANONICAL_MAGIC, MAGIC, VERSION } from "./tags.ts";

export type { External } from "./external.ts";

/** Options of {@linkcode encode}. */
export interface EncodeOptions {
  /**
   * Whether to write the canonical form: the same bytes for the same value in every process, for hashing. It can not
   * be decoded, and holds no external records.
   *
   * @default {false}
   */
  readonly canonical?: boolean;
  /**
   * Gives the record to write in place of an object, which is then not looked into. It is asked once for each object,
   * but not about what is inside a record.
   *
   * @default {() => undefined}
   */
  readonly external?: (value: object) => External | undefined;
}

/** Options of {@linkcode decode}. */
export interface DecodeOptions {
  /**
   * Gives the object for a record. It is called once for each, in the order in which `external` of
   * {@linkcode EncodeOptions} gave them. Without it a value that holds records is refused.
   *
   * @default {undefined}
   */
  readonly external?: (external: External) => unknown;
}

/**
 * Writes a value as bytes.
 *
 * It keeps undefined, null, booleans, numbers (-0, NaN, infinities), bigints, strings (also with lone surrogates),
 * Date, RegExp, Map, Set, plain objects, arrays with holes and properties of their own, boxed primitives, ArrayBuffer,
 * DataView, every typed array, Buffer, NdArray, errors with their own properties, cycles, and what is referred to
 * twice. Like structured clone it reads own enumerable string keys, and keeps neither property attributes nor
 * `lastIndex`. A view keeps only the bytes it shows. An error of a class of your own comes back as an instance of the
 * built-in class above it, with its name.
 *
 * @returns Chunks that belong together. Buffers of 4 KiB and more are in them without a copy: use the chunks before
 * anyone changes those buffers.
 * @throws {SerializationError} If a part can not be kept; the message has its path, as in `$.rows[3].fn`.
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array<ArrayBuffer>[] {
  if (options.canonical === true) return encodeCanonical(value);
  const sink = new ByteSink();
  try {
    for (const byte of [...MAGIC, VERSION]) sink.byte(byte);
    new Encoder(sink, new NumberedObjects(sink), { canonical: false, external: options.external }).write(value);
    return sink.finish();
  } finally {
    sink.release();
  }
}

/**
 * Reads a value back from the bytes that {@linkcode encode} gave. Nothing that is read is ever run. The work and the
 * memory are in proportion to the number of bytes, whatever they are.
 *
 * @throws {IntegrityError} If the bytes are not what `encode` writes.
 * @throws {SerializationError} If they were written by a newer version, are a canonical form, or hold a record while
 * there is no `external`.
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): unknown {
  const [first, second, version] = bytes;
  if (first === CANONICAL_MAGIC[0] && second === CANONICAL_MAGIC[1]) {
    throw new SerializationError("A canonical form is made for hashing and can not be decoded; store the plain form.");
  }
  if (first !== MAGIC[0] || second !== MAGIC[1] || version === undefined) {
    throw new IntegrityError("The stored value is damaged: it does not start like an encoded value.");
  }
  if (version !== VERSION) {
    throw new SerializationError(
      `The stored value is in version ${version} of the format, and this release reads version ${VERSION}; ` +
        "read it with the release that wrote it.",
    );
  }
  const source = new ByteSource(bytes);
  source.position = MAGIC.length + 1;
  const value = new Decoder(source, options.external).read();
  if (source.remaining > 0) throw source.damaged("more follows after the end of the value");
  return value;
}

/** Joins chunks. A single one is given back as it is. */
export function concatChunks(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let position = 0;
  for (const chunk of chunks) {
    joined.set(chunk, position);
    position += chunk.length;
  }
  return joined;
}
