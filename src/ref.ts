/**
 * The types of references: what stands for a value before there is one, and what a parameter accepts in its place.
 *
 * @module
 */

/** Phantom key that carries the type of a reference. Nothing is stored under it. */
export const valueType: unique symbol = Symbol("fusewire.valueType");

/** Anything that stands for a value of type `T` that a run will produce: a node, an item of one, an instance, an input. */
export interface Ref<out T> {
  /** Type only, never read. */
  readonly [valueType]: T;
}

/** Marks plain data, so that a node is never mistaken for an object that happens to have a `name`. */
export interface NotRef {
  /** Type only, never present. */
  readonly [valueType]?: never;
}

/** Any function, for constraints. */
export type AnyFunction = (...args: never[]) => unknown;

/** Values that are passed whole: no node is looked for inside them. */
export type Opaque =
  | AnyFunction
  | Date
  | RegExp
  | Error
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBufferLike
  | ArrayBufferView
  | Promise<unknown>
  | Blob
  | URL
  | ReadableStream;

/** Primitive values. */
export type Primitive = string | number | bigint | boolean | symbol | null | undefined;

/** What a parameter of type `T` accepts: the plain value, a reference to one, or plain data with references at any depth. */
export type Arg<T> = Ref<T> | Deep<T>;

/** `T` with references allowed inside arrays, tuples and plain objects. A class with private members stays whole. */
export type Deep<T> = unknown extends T ? T
  : T extends Primitive | Opaque ? T
  : T extends readonly unknown[] ? DeepList<T>
  : T extends Iterable<infer E> ? (readonly E[] extends T ? T | readonly Arg<E>[] : T)
  : object extends T ? (T & NotRef) | { readonly [key: string]: unknown }
  : { [K in keyof T]: T[K] } extends T ? { [K in keyof T]: Arg<T[K]> } & NotRef
  : T;

/** Arrays element by element (written out, so that recursive types like JSON stay lazy), tuples place by place. */
export type DeepList<T extends readonly unknown[]> = T extends (infer E)[]
  ? (E[] extends T ? Arg<E>[] : { [K in keyof T]: Arg<T[K]> })
  : T extends readonly (infer E)[] ? (readonly E[] extends T ? readonly Arg<E>[] : { [K in keyof T]: Arg<T[K]> })
  : never;

/** A parameter list in which every parameter is an {@linkcode Arg}. */
export type Args<A extends readonly unknown[]> = { [K in keyof A]: Arg<A[K]> };

/** Keys that `item()` accepts on a value of type `T`. */
export type ItemKey<T> = 0 extends 1 & T ? PropertyKey
  : [T] extends [readonly unknown[]] ? (number extends T["length"] ? number : TupleIndex<T>)
  : [T] extends [ArrayBufferView] ? number
  : DataKey<T, keyof T>;

/** Those of the keys `K` that hold data, not methods. */
export type DataKey<T, K> = K extends keyof T & (string | number) ? (T[K] extends AnyFunction ? never : K) : never;

/** The indices of a tuple, as numbers. */
export type TupleIndex<T extends readonly unknown[]> = {
  [K in keyof T]: K extends `${infer N extends number}` ? N : never;
}[number];

/** The type of one item of `T`. A key of an index signature may be missing. */
export type ItemOf<T, K> = K extends keyof T ? (string extends keyof T ? T[K] | undefined : T[K]) : never;

/** Selection of one part of a result. */
export interface HasItems {
  /** The part of the result under `key`. */
  item<T, const K extends ItemKey<T>>(this: Ref<T>, key: K): NodeItem<ItemOf<T, K>>;
}

/** One part of a node's result. */
export interface NodeItem<out T> extends Ref<T>, HasItems {
  /** The keys from the node's result to this part. */
  readonly path: readonly PropertyKey[];
}

/** The value of a target: of a reference, or of each reference in a tuple or array. */
export type Value<R> = R extends Ref<infer T> ? T : {
  -readonly [K in keyof R]: R[K] extends Ref<infer T> ? T : never;
};

/** What a workflow computes: one reference or several. */
export type Targets = Ref<unknown> | readonly Ref<unknown>[];
