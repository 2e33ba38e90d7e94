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

/** The key under which it tells how messages show it. */
const labelOf: unique symbol = Symbol("fusewire.inputLabel");

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

  /** The label, also of a placeholder. */
  get [labelOf](): string {
    return inputLabel(this[pathOf]);
  }

  /** As messages show it. */
  get label(): string {
    return this[labelOf];
  }

  /** Refuses to be a value. */
  [Symbol.toPrimitive](): never {
    throw new GraphError(
      `\`${this[labelOf]}\` was used as a plain value, but it has none before a run; pass it to a task.`,
    );
  }

  /** Refuses to be looped over. */
  [Symbol.iterator](): never {
    throw new GraphError(
      `\`${this[labelOf]}\` was looped over, but it has no elements before a run; use item(i).`,
    );
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Input<${this[labelOf]}>`;
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

/** An item of the list that a map goes over, or a part of one: the list is the input of the run of its items. */
export class ListItemRef extends InputRef {
  /** Names the part by its keys: first the index. `map` is what goes over the list: a part of another's item is none of its own. */
  constructor(path: readonly PropertyKey[], readonly map: object) {
    super(path);
  }

  override item<V, const K extends ItemKey<V>>(this: Ref<V>, key: K): NodeItem<ItemOf<V, K>>;
  override item(this: ListItemRef, key: PropertyKey): ListItemRef {
    return new ListItemRef([...this.path, key], this.map);
  }

  override get [labelOf](): string {
    return ["item", ...this.path.slice(1).map(String)].join(".");
  }
}

/** The same reference without the magic of a placeholder. */
export function plainInput(ref: InputRef): InputRef {
  return ref instanceof ListItemRef ? ref : new InputRef(ref[pathOf]);
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
