/**
 * Time, chance and identity, as the rest of Fusewire sees them: never a global, so that every rule can be tested without waiting.
 *
 * @module
 */

/** A timer that can be stopped before it fires. */
export interface Timer {
  /** Stops the timer; nothing happens if it has fired. */
  cancel(): void;
}

/** Where time and chance come from. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Calls `callback` once, `delay` milliseconds from now. */
  setTimer(delay: number, callback: () => void): Timer;
  /** A number from 0 up to but not including 1. */
  random(): number;
  /** A new id, unique among all processes. */
  newId(): string;
}

/** The longest delay that `setTimeout` takes; a longer one fires at once, so it is cut in pieces. */
const LONGEST_TIMEOUT = 2_147_483_647;

/** The real clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delay, callback) {
    let handle: ReturnType<typeof setTimeout>;
    const wait = (left: number) => {
      handle = left > LONGEST_TIMEOUT
        ? setTimeout(() => wait(left - LONGEST_TIMEOUT), LONGEST_TIMEOUT)
        : setTimeout(callback, Math.max(0, left));
    };
    wait(delay);
    return { cancel: () => clearTimeout(handle) };
  },
  random: () => Math.random(),
  newId: () => crypto.randomUUID(),
};
