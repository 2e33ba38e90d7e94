/**
 * The record that stands in for an object which a serializer keeps.
 *
 * @module
 */

/** What is stored in place of an object that a serializer keeps elsewhere. */
export interface External {
  /** Name of the serializer. */
  readonly serializer: string;
  /** What the serializer needs to find the object again. */
  readonly pid: unknown;
}
