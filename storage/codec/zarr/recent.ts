/**
 * What was read lately.
 *
 * @module
 */

/** Keeps what was used last, as far as there is room; what is being read is read once. */
export class Recent<T> {
  readonly #room: number;
  readonly #entries = new Map<string, { readonly weight: number; readonly value: Promise<T> }>();
  #weight = 0;

  /** @param room What the weights of all that is kept add up to at most; one alone may have more. */
  constructor(room: number) {
    this.#room = room;
  }

  /** What is kept under a key, or read now. An error is not kept. */
  get(key: string, weight: number, read: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value;
    }
    const value = read();
    this.#entries.set(key, { weight, value });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#room || oldest === key) break;
      this.#drop(oldest);
    }
    value.catch(() => {
      if (this.#entries.get(key)?.value === value) this.#drop(key);
    });
    return value;
  }

  #drop(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}
