/**
 * What an execution asks of stored results. A run without a storage has none.
 *
 * @module
 */

/** What to do about a node: run it; read its stored value; look at its inputs first; or nothing, because nobody reads it. */
export type StoredAction = "run" | "load" | "check" | "none";

/** Stored results of one run. */
export interface StoredResults {
  /** What to do about the node at `place`. */
  actionAt(place: number): StoredAction;
  /** The stored value, or `undefined` if what is stored is damaged or gone. */
  load(place: number): Promise<{ readonly value: unknown } | undefined>;
  /** Whether a stored value stands for the node. */
  isStored(place: number): boolean;
  /** Has the value of a node read after all, if one is stored. */
  takeUp(place: number): boolean;
  /**
   * Whether the stored value was made from these very arguments; only the content cache can say yes. Remembers the arguments as
   * they are now, because the function may change them. `values` are the results that they are made of.
   */
  isFresh(place: number, args: readonly unknown[], values: readonly unknown[]): Promise<boolean>;
  /**
   * Encodes a new result now and writes it behind.
   *
   * @returns What readers of the node get: the value, or what was read back.
   * @throws {SerializationError} If the value can not be stored.
   */
  save(place: number, value: unknown): Promise<unknown>;
  /**
   * Waits until everything is durable.
   *
   * @throws The first error of a write.
   */
  settle(): Promise<void>;
}
