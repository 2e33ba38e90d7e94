/**
 * Whether a KV file may have been written to, for a hundredth of what it costs to ask the KV.
 *
 * Deno KV keeps a file in SQLite's write-ahead mode: every commit of every process appends to `FILE-wal`, or writes it over from its
 * beginning, and so changes its time.
 *
 * @module
 */

/** A file's time moves in steps of up to 10 ms: of a file that was written this recently, another write may not show. In milliseconds. */
const RECENT = 25;

/** How long the file is trusted at most, in milliseconds, whatever it says. */
const TRUSTED = 500;

/** Looks at the write-ahead file of a KV. */
export class FileStamp {
  readonly #path: string;
  #time = NaN;
  #size = NaN;
  #trustedUntil = -Infinity;

  /** Takes the path of the KV file. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  /** Whether the file may have been written to since the last time that this was asked. */
  mayHaveChanged(): boolean {
    const now = Date.now();
    const before = this.#time;
    const sizeBefore = this.#size;
    try {
      const { mtime, size } = Deno.statSync(this.#path);
      this.#time = mtime?.getTime() ?? NaN;
      this.#size = size;
    } catch {
      // No permission to look, or no such file: then the KV has to be asked.
      this.#time = NaN;
    }
    if (this.#time === before && this.#size === sizeBefore && now - this.#time > RECENT && now < this.#trustedUntil) {
      return false;
    }
    this.#trustedUntil = now + TRUSTED;
    return true;
  }
}
