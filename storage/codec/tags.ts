/**
 * The first byte of every encoded value. A stored tag keeps its meaning for ever: add new ones, never change one, and
 * raise {@linkcode VERSION} when old readers must stop.
 *
 * | byte | value |
 * |---|---|
 * | 00–7f | the integers 0 to 127 |
 * | 80–bf | a string of 0 to 63 ASCII characters, which follow |
 * | c0–cf | an array of 0 to 15 elements, which follow |
 * | d0–ff | as named in {@linkcode Tag} |
 *
 * @module
 */

/** "FW", in front of every encoded value, followed by {@linkcode VERSION}. */
export const MAGIC = [0x46, 0x57] as const;
/** "FC", in front of a canonical form. */
export const CANONICAL_MAGIC = [0x46, 0x43] as const;
/** Version of the format that is written. */
export const VERSION = 1;
/** Version of the canonical form of a value without cycles: large parts stand as their SHA-256. */
export const CANONICAL_TREE = 1;
/** Version of the canonical form of a value with cycles: objects are numbered in the order they are met. */
export const CANONICAL_GRAPH = 2;

/** Integers below this are their own tag. */
export const SMALL_INTEGERS = 0x80;
/** Tag of the empty string; the lengths below {@linkcode SHORT_STRINGS} follow. */
export const SHORT_STRING = 0x80;
/** How many lengths of strings have a tag of their own. */
export const SHORT_STRINGS = 0x40;
/** Tag of the empty array; the lengths below {@linkcode SHORT_ARRAYS} follow. */
export const SHORT_ARRAY = 0xc0;
/** How many lengths of arrays have a tag of their own. */
export const SHORT_ARRAYS = 0x10;

/** What follows each tag is written beside it; "length" is a varint unless it says otherwise. */
export const Tag = {
  UNDEFINED: 0xd0,
  NULL: 0xd1,
  FALSE: 0xd2,
  TRUE: 0xd3,
  /** A signed 16-bit integer. */
  INT16: 0xd4,
  /** A signed 32-bit integer. */
  INT32: 0xd5,
  /** A 64-bit float. */
  FLOAT64: 0xd6,
  NAN: 0xd7,
  /** A signed 64-bit integer. */
  BIGINT64: 0xd8,
  /** A sign byte (0 or 1), a length, and the magnitude, most significant byte first. */
  BIGINT: 0xd9,
  /** A 16-bit length and ASCII. */
  ASCII16: 0xda,
  /** A 32-bit length and ASCII. */
  ASCII32: 0xdb,
  /** A 16-bit length in bytes and UTF-8. */
  UTF8_16: 0xdc,
  /** A 32-bit length in bytes and UTF-8. */
  UTF8_32: 0xdd,
  /** A 32-bit length in code units and UTF-16, for strings with lone surrogates. */
  UTF16: 0xde,
  /** The number of an object met before. */
  REFERENCE: 0xdf,
  /** A length and the elements. */
  ARRAY: 0xe0,
  /** No value: a missing element of an array. */
  HOLE: 0xe1,
  /** The length of an array, a number of properties, and each as its key (a number or a string) and value. */
  KEYED_ARRAY: 0xe2,
  /** A number of properties, and each as its key and value. */
  OBJECT: 0xe3,
  /** A number of properties, all keys, which get the next number as a shape, and all values. */
  NEW_SHAPE: 0xe4,
  /** The number of a shape, and all values. */
  SHAPE: 0xe5,
  /** A number of entries, and each as its key and value. */
  MAP: 0xe6,
  /** A number of items, and the items. */
  SET: 0xe7,
  /** Milliseconds as a 64-bit float. */
  DATE: 0xe8,
  /** The source and the flags. */
  REGEXP: 0xe9,
  /** A primitive that is wrapped in an object. */
  BOXED: 0xea,
  /** The class (a varint), a number of properties, and each as its key, whether it is enumerable, and its value. */
  ERROR: 0xeb,
  /** A name, a message, then as ERROR after its class. */
  DOM_EXCEPTION: 0xec,
  /** The class (a varint), a length in bytes, and the bytes. */
  BUFFER: 0xed,
  /** Whether it is of dtype "bool" (0 or 1), the number of dimensions, the length of each, then a BUFFER. */
  NDARRAY: 0xee,
  /** The name of a serializer and what it keeps. */
  EXTERNAL: 0xef,
  /** Canonical only: the SHA-256 of the canonical form of the value that stands here. */
  DIGEST: 0xf0,
  /** Canonical only: the SHA-256 of the content that the caller gave for an object. */
  CONTENT: 0xf1,
} as const;
