/**
 * A storage as one process sees it: its calls are counted, and none comes back once the process was killed.
 *
 * @module
 */
import type { EngineStorage } from "@fusewire/fusewire";

/** What a test knows of the calls of one process, and does to them. */
export class StorageWatch {
  /** How often each method was called. */
  readonly calls = new Map<string, number>();
  /** Called before each call is handed on; what it throws is thrown by the call. */
  before: ((method: string, args: readonly unknown[]) => void | Promise<void>) | undefined;
  /** Called when a call has happened, before its answer is given; what it throws is thrown in place of the answer. */
  after: ((method: string) => void) | undefined;
  #pending = 0;
  #severed = false;

  /** How many calls have not come back. */
  get pending(): number {
    return this.#pending;
  }

  /** The number of all calls so far, or of those of some methods. */
  count(...methods: string[]): number {
    let sum = 0;
    for (const [method, calls] of this.calls) if (methods.length === 0 || methods.includes(method)) sum += calls;
    return sum;
  }

  /** From now on nothing reaches the storage, and nothing comes back. */
  sever(): void {
    this.#severed = true;
  }

  /** The storage, watched. `changes` stand in place of its properties. */
  over(storage: EngineStorage, changes: { readonly [property: string]: unknown }): EngineStorage {
    return new Proxy(storage, {
      get: (target, name) => {
        if (typeof name === "string" && name in changes) return changes[name];
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function" || typeof name !== "string") return value;
        // Not a promise, so it is neither counted nor held back.
        if (name === "watchBell") return (...args: unknown[]): unknown => Reflect.apply(value, target, args);
        return (...args: unknown[]): unknown => this.#call(name, args, () => Reflect.apply(value, target, args));
      },
    });
  }

  async #call(name: string, args: readonly unknown[], call: () => unknown): Promise<unknown> {
    const never = new Promise<never>(() => {});
    if (this.#severed) return await never;
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    this.#pending++;
    try {
      const wait = this.before?.(name, args);
      if (wait !== undefined) await wait;
      const answer = await (this.#severed ? never : call());
      this.after?.(name);
      return this.#severed ? await never : answer;
    } finally {
      this.#pending--;
    }
  }
}
