/**
 * How large a pool is, as users say it.
 *
 * @module
 */

/** How many workers there are, and how much they are given. */
export interface PoolOptions {
  /**
   * How many workers there may be at a time; they are started when they are needed. Default: as many as the machine has cores.
   */
  readonly workers?: number;
  /**
   * How many calls may be handed to workers and not done, at least 1. More than one a worker helps where functions wait.
   *
   * @default {2 * workers}
   */
  readonly maxPendingTasks?: number;
}

/** Limits of a pool. */
export interface PoolLimits {
  /** How many workers there may be. */
  readonly workers: number;
  /** How many calls may be handed to workers and not done. */
  readonly maxPendingTasks: number;
}

/**
 * The limits that options stand for.
 *
 * @param options What was given; it may be anything where types are not checked.
 * @param refuse Makes the error for an option that can not be used.
 */
export function poolLimits(options: PoolOptions, refuse: (option: string, value: unknown) => Error): PoolLimits {
  const { workers = navigator.hardwareConcurrency, maxPendingTasks = 2 * workers } = options;
  for (const [option, value] of Object.entries({ workers, maxPendingTasks })) {
    if (!(Number.isInteger(value) && value >= 1)) throw refuse(option, value);
  }
  return { workers, maxPendingTasks };
}
