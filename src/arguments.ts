/**
 * Arguments of a call: captured when the node is made, so that what a caller does to them later is not seen, and made into
 * values again when the node runs. No step recurses on depth.
 *
 * @module
 */
import { InputRef, plainInput } from "./input.ts";
import { CallNode, DeepArg, ItemRef, LiveArg, liveObject, StandIn } from "./node.ts";

/** A reference inside an argument. */
export type CapturedRef = CallNode | ItemRef | LiveArg | InputRef;

/** After this many containers a walk starts to remember where it was, so that cyclic data ends and small data is fast. */
const FREE_STEPS = 256;

/** What a captured argument holds in place of a non-primitive one; primitives stay as they are. */
export function capture(arg: object): unknown {
  if (isRef(arg)) return captureRef(arg);
  return isPlain(arg) && holdsRef(arg) ? captureDeep(arg) : arg;
}

function captureRef(ref: CapturedRef | StandIn): CapturedRef {
  if (ref instanceof StandIn) return new LiveArg(ref[liveObject].maker, ref[liveObject].last);
  return ref instanceof InputRef ? plainInput(ref) : ref;
}

/** Arrays and plain objects: what references are looked for in. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isRef(value: object): value is CapturedRef | StandIn {
  return value instanceof CallNode || value instanceof ItemRef || value instanceof StandIn ||
    value instanceof LiveArg ||
    value instanceof InputRef;
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
    for (const value of values) {
      if (typeof value !== "object" || value === null) continue;
      if (isRef(value)) return true;
      if (isPlain(value)) open.push(value);
    }
  }
  return false;
}

function captureDeep(root: object): DeepArg {
  const refs: CapturedRef[] = [];
  const copies = new Map<object, object>();
  let shared = false;
  const template = copyPlain(root, (ref) => {
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
  return new DeepArg(template, refs.slice(), shared);
}

/** The argument again, with a value in place of each reference; `valueOf` is asked in the order of `deep.refs`. */
export function instantiate(deep: DeepArg, valueOf: (place: number) => unknown): unknown {
  let place = 0;
  return copyPlain(deep.template, () => valueOf(place++), deep.shared ? new Map<object, object>() : undefined);
}

/** Which containers were copied already, so that shared and cyclic ones stay so. */
interface Copies {
  get(source: object): object | undefined;
  set(source: object, copy: object): unknown;
}

function copyPlain(root: object, replace: (ref: CapturedRef | StandIn) => unknown, copies: Copies | undefined): object {
  const result = shallowCopy(root);
  copies?.set(root, result);
  const open: object[] = [result];
  const copyOf = (value: object): unknown => {
    if (isRef(value)) return replace(value);
    if (!isPlain(value)) return value;
    let copy = copies?.get(value);
    if (copy === undefined) {
      copy = shallowCopy(value);
      copies?.set(value, copy);
      open.push(copy);
    }
    return copy;
  };
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    if (Array.isArray(container)) {
      const list: unknown[] = container;
      for (let i = 0; i < list.length; i++) {
        const value = list[i];
        if (typeof value === "object" && value !== null) list[i] = copyOf(value);
      }
    } else {
      const record = container as Record<string, unknown>;
      for (const key of Object.keys(record)) {
        const value = record[key];
        if (typeof value !== "object" || value === null) continue;
        const copy = copyOf(value);
        if (key === "__proto__") {
          Object.defineProperty(record, key, { value: copy, writable: true, enumerable: true, configurable: true });
        } else record[key] = copy;
      }
    }
  }
  return result;
}

function shallowCopy(source: object): object {
  if (Array.isArray(source)) return source.slice();
  return Object.getPrototypeOf(source) === null ? Object.assign(Object.create(null), source) : { ...source };
}
