/**
 * Arguments of a call: those with references inside are captured when the node is made, so that what a caller does to them
 * later is not seen, and made into values again when the node runs; plain data is passed as it is. No step recurses on the
 * depth of data.
 *
 * @module
 */
import { InputRef, plainInput } from "./input.ts";
import { CallNode, ItemRef } from "./node.ts";
import { type CapturedRef, DeepArg, LiveArg, liveObject, StandIn } from "./stand_in.ts";

/** After this many containers a search starts to remember where it was, so that cyclic data ends and small data is fast. */
const FREE_STEPS = 256;
/** A small tree has at most this many containers, so that its few steps need neither a stack nor a map. */
const SMALL_TREE = 16;
/** A container of a small tree has at most this many entries. */
const SMALL_CONTAINER = 64;

/** What a node holds in place of an argument that is an object: itself, or what stands for a value. */
export function capture(arg: object): unknown {
  if (!isPlain(arg)) return isRef(arg) ? captureRef(arg) : arg;
  if (Array.isArray(arg) && isNodeList(arg)) {
    const nodes = arg.slice();
    return new DeepArg(nodes, nodes, "list");
  }
  return captureSmall(arg) ?? (holdsRef(arg) ? captureTree(arg) : arg);
}

/** What a capture notes on its way; kept from one to the next, because growing arrays reserve far more than they need. */
class Notes {
  readonly #refs: (CapturedRef | undefined)[] = [];
  readonly #seen: (object | undefined)[] = [];
  #refCount = 0;
  #seenCount = 0;

  /** Notes a container; `false` if there are too many, or it stands in the argument twice. */
  enter(container: object): boolean {
    for (let i = 0; i < this.#seenCount; i++) if (this.#seen[i] === container) return false;
    if (this.#seenCount === SMALL_TREE) return false;
    this.#seen[this.#seenCount++] = container;
    return true;
  }

  /** Notes a reference. */
  readonly add = (ref: CapturedRef | StandIn): CapturedRef => this.#refs[this.#refCount++] = captureRef(ref);

  /** The references in order, in a list of exactly their number. */
  takeRefs(): CapturedRef[] {
    const refs = new Array<CapturedRef>(this.#refCount);
    for (let i = 0; i < refs.length; i++) refs[i] = this.#refs[i]!;
    return refs;
  }

  /** Forgets all, so that nothing lives longer for having been noted. */
  clear(): void {
    for (let i = 0; i < this.#seenCount; i++) this.#seen[i] = undefined;
    for (let i = 0; i < this.#refCount; i++) this.#refs[i] = undefined;
    this.#seenCount = this.#refCount = 0;
  }
}

/** Not there while a capture is under way: a getter of the argument may make a node, and so begin another. */
let spareNotes: Notes | undefined = new Notes();

/** A small tree as a node keeps it, itself if there is no reference in it; `undefined` if it is not small. */
function captureSmall(arg: object): unknown {
  const notes = spareNotes ?? new Notes();
  spareNotes = undefined;
  try {
    const copy = copySmall(arg, notes.add, notes);
    if (copy === undefined) return undefined;
    const refs = notes.takeRefs();
    return refs.length === 0 ? arg : new DeepArg(copy, refs, "small");
  } finally {
    notes.clear();
    spareNotes = notes;
  }
}

/** The argument again, with a value in place of each reference; `valueOf` is asked in the order of `deep.refs`. */
export function instantiate(deep: DeepArg, valueOf: (place: number) => unknown): unknown {
  switch (deep.shape) {
    case "list": {
      const values = new Array<unknown>(deep.refs.length);
      for (let place = 0; place < values.length; place++) values[place] = valueOf(place);
      return values;
    }
    case "small": {
      let place = 0;
      return copySmall(deep.template, () => valueOf(place++), undefined);
    }
    case "tree":
    case "shared": {
      let place = 0;
      const copies = deep.shape === "shared" ? new Map<object, object>() : undefined;
      return copyTree(deep.template, () => valueOf(place++), copies);
    }
  }
}

/** Arrays and plain objects: what references are looked for in. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isRef(value: object): value is CapturedRef | StandIn {
  return value instanceof CallNode || value instanceof ItemRef || value instanceof StandIn ||
    value instanceof InputRef || value instanceof LiveArg;
}

function captureRef(ref: CapturedRef | StandIn): CapturedRef {
  if (ref instanceof StandIn) return new LiveArg(ref[liveObject]);
  return ref instanceof InputRef ? plainInput(ref) : ref;
}

function isNodeList(values: readonly unknown[]): values is readonly CallNode[] {
  for (let i = 0; i < values.length; i++) if (!(values[i] instanceof CallNode)) return false;
  return values.length > 0;
}

type Replace = (ref: CapturedRef | StandIn) => unknown;

/** Copies a small tree. With `notes` it gives up where the tree is not small, or where a container stands in it twice. */
function copySmall(source: object, replace: Replace, notes: Notes | undefined): object | undefined {
  if (notes !== undefined && !notes.enter(source)) return undefined;
  if (Array.isArray(source)) {
    if (notes !== undefined && source.length > SMALL_CONTAINER) return undefined;
    const copy: unknown[] = source.slice();
    for (let i = 0; i < copy.length; i++) {
      const value = copy[i];
      if (typeof value !== "object" || value === null) continue;
      if (isPlain(value)) {
        if ((copy[i] = copySmall(value, replace, notes)) === undefined) return undefined;
      } else if (isRef(value)) copy[i] = replace(value);
    }
    return copy;
  }
  if (notes !== undefined && hasManyKeys(source)) return undefined;
  const copy = shallowCopy(source);
  for (const key in copy) {
    const value = copy[key];
    if (typeof value !== "object" || value === null) continue;
    if (isPlain(value)) {
      const inner = copySmall(value, replace, notes);
      if (inner === undefined) return undefined;
      setOwn(copy, key, inner);
    } else if (isRef(value)) setOwn(copy, key, replace(value));
  }
  return copy;
}

function hasManyKeys(source: object): boolean {
  let keys = 0;
  for (const _ in source) if (++keys > SMALL_CONTAINER) return true;
  return false;
}

function holdsRef(root: object): boolean {
  const open: object[] = [root];
  let seen: Set<object> | undefined;
  for (let steps = 0; open.length > 0; steps++) {
    const container = open.pop()!;
    if (steps >= FREE_STEPS) {
      seen ??= new Set();
      if (seen.has(container)) continue;
      seen.add(container);
    }
    const values: readonly unknown[] = Array.isArray(container) ? container : Object.values(container);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "object" || value === null) continue;
      if (isPlain(value)) open.push(value);
      else if (isRef(value)) return true;
    }
  }
  return false;
}

function captureTree(root: object): DeepArg {
  const refs: CapturedRef[] = [];
  const copies = new Map<object, object>();
  let shared = false;
  const template = copyTree(root, (ref) => {
    const captured = captureRef(ref);
    refs.push(captured);
    return captured;
  }, {
    get: (source) => {
      const copy = copies.get(source);
      shared ||= copy !== undefined;
      return copy;
    },
    set: (source, copy) => copies.set(source, copy),
  });
  return new DeepArg(template, refs.slice(), shared ? "shared" : "tree");
}

/** Which containers were copied already, so that shared and cyclic ones stay so. */
interface Copies {
  get(source: object): object | undefined;
  set(source: object, copy: object): unknown;
}

function copyTree(root: object, replace: Replace, copies: Copies | undefined): object {
  const result = Array.isArray(root) ? root.slice() : shallowCopy(root);
  copies?.set(root, result);
  const open: object[] = [result];
  const copyOf = (value: object): unknown => {
    if (!isPlain(value)) return isRef(value) ? replace(value) : value;
    let copy = copies?.get(value);
    if (copy === undefined) {
      copy = Array.isArray(value) ? value.slice() : shallowCopy(value);
      copies?.set(value, copy);
      open.push(copy);
    }
    return copy;
  };
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const record = container as Record<string, unknown>;
    for (const key of Object.keys(record)) {
      const value = record[key];
      if (typeof value === "object" && value !== null) setOwn(record, key, copyOf(value));
    }
  }
  return result;
}

function shallowCopy(source: object): Record<string, unknown> {
  return Object.getPrototypeOf(source) === null ? Object.assign(Object.create(null), source) : { ...source };
}

/** Sets an own property, also one with the name that assignment takes for the prototype. */
function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") record[key] = value;
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}
