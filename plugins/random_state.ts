/**
 * A plugin that gives every node another random state.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import type { Plugin } from "../src/plugin.ts";
import { registerPlugin } from "../src/plugin_origin.ts";

/** The range of the states, and what is done with them. */
export interface RandomStateOptions {
  /** Smallest state, a safe integer. */
  readonly min: number;
  /** Largest state, a safe integer. After it comes `min` again. */
  readonly max: number;
  /** Where the counter starts: the first node gets the state after it. At least `min` − 1, at most `max`. */
  readonly seed: number;
  /** Seeds the random numbers of the thread or process where a node runs. */
  readonly seedFunc: (state: number) => void | Promise<void>;
}

/**
 * Calls `seedFunc` with another state for each node, before every attempt, where the node runs. The counter steps before each use. It
 * lives where nodes are scheduled, so that workers never share a state; attempts of one node have the same, and a second run of the
 * workflow goes on counting.
 *
 * A synchronous function runs right after `seedFunc`. Asynchronous ones that are at work together in one thread share what
 * `seedFunc` set, with or without a plugin: give those `context().random()`, which is each node's own.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, RandomStatePlugin, task } from "@fusewire/fusewire";
 *
 * let state = 0;
 * const draw = task(() => state, { name: "draw" });
 * const workflow = new LocalWorkflow([draw(), draw()], { workflowName: "draws" });
 * workflow.setPlugin("draw_*", new RandomStatePlugin({ min: 1, max: 100, seed: 41, seedFunc: (s) => void (state = s) }));
 * console.log(await workflow.run()); // [42, 43]
 * ```
 */
export class RandomStatePlugin implements Plugin<number> {
  readonly #min: number;
  readonly #max: number;
  readonly #seedFunc: (state: number) => void | Promise<void>;
  #state: number;

  /**
   * Starts to count. For nodes on a pool, make the plugin at the top of a module, as tasks are.
   *
   * @throws {ConfigError} If a number is not a safe integer, or out of order, or `seedFunc` is not a function.
   */
  constructor({ min, max, seed, seedFunc }: RandomStateOptions) {
    for (const [name, value] of Object.entries({ min, max, seed })) {
      if (!Number.isSafeInteger(value)) {
        throw new ConfigError(
          `Option \`${name}\` of RandomStatePlugin is ${String(value)}; it must be a safe integer.`,
        );
      }
    }
    if (min > max) {
      throw new ConfigError(`Option \`min\` of RandomStatePlugin is ${min}, which is more than \`max\`, ${max}.`);
    }
    if (seed < min - 1 || seed > max) {
      throw new ConfigError(
        `Option \`seed\` of RandomStatePlugin is ${seed}; it must be from ${
          min - 1
        } (\`min\` − 1) to ${max} (\`max\`).`,
      );
    }
    if (typeof seedFunc !== "function") {
      throw new ConfigError(`Option \`seedFunc\` of RandomStatePlugin is ${String(seedFunc)}; it must be a function.`);
    }
    this.#min = min;
    this.#max = max;
    this.#seedFunc = seedFunc;
    this.#state = seed;
    registerPlugin(this, new.target, [seedFunc]);
  }

  /** Steps the counter: the state of the node. */
  localInitialize(): number {
    this.#state = this.#state >= this.#max ? this.#min : this.#state + 1;
    return this.#state;
  }

  /** Seeds with the state of the node. */
  remoteInitialize(state: number): void | Promise<void> {
    return this.#seedFunc(state);
  }
}
