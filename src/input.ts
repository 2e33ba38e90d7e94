/**
 * The input of a definition: what stands for the value that each run is given.
 *
 * @module
 */
import { GraphError } from "./errors.ts";
import type { DataKey, ItemKey, ItemOf, NodeItem, Ref, valueType } from "./ref.ts";

/** The typed placeholder of a run's input: a reference, with an item for each of its keys. */
export type Input<T> = Ref<T> & { readonly [K in DataKey<T, keyof T>]-?: NodeItem<T[K]> };

/** The key under which a placeholder tells its path, where every other key is a part of the input. */
const pathOf: unique symbol = Symbol("fusewire.inputPath");

/** The input of a run, or one part of it. */
export class InputRef implements NodeItem<unknown> {
  declare readonly [valueType]: unknown;

  /** Names the part by its keys from the outside in; no key is the whole input. */
  constructor(readonly path: readonly PropertyKey[]) {}

  item<V, const K extends ItemKey<V>>(this: Ref<V>, key: K): NodeItem<ItemOf<V, K>>;
  item(this: InputRef, key: PropertyKey): InputRef {
    return new InputRef([...this.path, key]);
  }

  /** The path, also of a placeholder. */
  get [pathOf](): readonly PropertyKey[] {
    return this.path;
  }

  /** As messages show it. */
  get label(): string {
    return inputLabel(this[pathOf]);
  }

  /** Refuses to be a value. */
  [Symbol.toPrimitive](): never {
    throw new GraphError(
      `\`${inputLabel(this[pathOf])}\` was used as a plain value, but it has none before a run; pass it to a task.`,
    );
  }

  /** Refuses to be looped over. */
  [Symbol.iterator](): never {
    throw new GraphError(
      `\`${inputLabel(this[pathOf])}\` was looped over, but it has no elements before a run; use item(i).`,
    );
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Input<${inputLabel(this[pathOf])}>`;
  }
}

function inputLabel(path: readonly PropertyKey[]): string {
  return ["input", ...path.map(String)].join(".");
}

/** The placeholder that a definition is built around: reading a key gives the item under it. */
export function inputPlaceholder(): InputRef {
  return new Proxy(new InputRef([]), {
    get(whole, key) {
      if (typeof key === "symbol") return Reflect.get(whole, key, whole);
      // A promise would ask for `then`; the input is none.
      return key === "then" ? undefined : new InputRef([key]);
    },
  });
}

/** The same reference without the magic of a placeholder. */
export function plainInput(ref: InputRef): InputRef {
  return new InputRef(ref[pathOf]);
}

/**
 * The part of a run's input that a reference names.
 *
 * @throws {GraphError} If the input has nothing to look into there.
 */
export function inputValue(input: unknown, ref: InputRef): unknown {
  let part = input;
  for (const key of ref.path) {
    if (part === null || part === undefined) {
      throw new GraphError(
        `\`${ref.label}\` looks for ${JSON.stringify(String(key))} in ${String(part)}; the run's input lacks it.`,
      );
    }
    part = Reflect.get(Object(part), key, part);
  }
  return part;
}
