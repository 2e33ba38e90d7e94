import type { RecordHead } from "./result_record.ts";

/** A whole record that was read and checked. */
export interface ReadRecord {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Its header, and where the rest is. */
  readonly head: RecordHead;
}

/** What a look at a stored result told, without its value. */
export class StoredEntry {
  /** Name of the task. */
  readonly name: string;
  /** Length of the record in bytes, without the files of serializers. */
  readonly byteLength: number;
  /** What was given to `prepare` beside the value; empty if the record is damaged. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** What is wrong with it, as the end of a sentence that begins with "it"; `undefined` if nothing is. */
  readonly damaged: string | undefined;
  readonly #record: ReadRecord | undefined;

  /** Made by `TaskStorage.inspect`. */
  constructor(
    name: string,
    byteLength: number,
    state: { readonly head: RecordHead; readonly bytes?: Uint8Array | undefined } | { readonly damaged: string },
  ) {
    this.name = name;
    this.byteLength = byteLength;
    this.damaged = "damaged" in state ? state.damaged : undefined;
    this.meta = "damaged" in state ? {} : state.head.header.meta;
    this.#record = "damaged" in state || state.bytes === undefined
      ? undefined
      : { bytes: state.bytes, head: state.head };
  }

  /** The record, if the look read all of it, as it does with small ones. */
  static recordOf(entry: StoredEntry): ReadRecord | undefined {
    return entry.#record;
  }
}
