/**
 * Who gets which signal: those that wait, and the signals that came early.
 *
 * @module
 */

/** Signals and the steps that wait for them. `L` is a signal with its payload. */
export class Mailbox<L> {
  /** The steps that wait, by name, the first in topological order first. */
  readonly #waiting = new Map<string, number[]>();
  /** The signals that came early, by name, the oldest first. */
  readonly #early = new Map<string, L[]>();

  /** A signal came. Gives the step that takes it, and does not wait any more; −1 if it is kept. */
  deliver(name: string, letter: L): number {
    const waiting = this.#waiting.get(name);
    const place = waiting?.shift();
    if (place !== undefined) {
      if (waiting?.length === 0) this.#waiting.delete(name);
      return place;
    }
    const early = this.#early.get(name);
    if (early === undefined) this.#early.set(name, [letter]);
    else early.push(letter);
    return -1;
  }

  /** A step waits from now on, unless it gets a signal that came early. */
  wait(name: string, place: number): L | undefined {
    const early = this.#early.get(name);
    if (early !== undefined) {
      const letter = early.shift();
      if (early.length === 0) this.#early.delete(name);
      return letter;
    }
    const waiting = this.#waiting.get(name) ?? [];
    const at = waiting.findIndex((other) => other > place);
    waiting.splice(at < 0 ? waiting.length : at, 0, place);
    this.#waiting.set(name, waiting);
    return undefined;
  }

  /** A step waits no more. */
  leave(name: string, place: number): void {
    const waiting = this.#waiting.get(name)?.filter((other) => other !== place) ?? [];
    if (waiting.length === 0) this.#waiting.delete(name);
    else this.#waiting.set(name, waiting);
  }
}
