/**
 * Leaving parts out of a value: a copy of it is made in which a text stands for them.
 *
 * @module
 */
import { ConfigError } from "../../errors.ts";
import type { Redact } from "./options.ts";

/** What stands for what was left out. */
export const REDACTED = "[redacted]";
/** Texts of so many characters are looked for in the rest of the value. */
const SHORTEST_SECRET = 4;
/** How many paths are told. */
const MOST_TOLD = 20;

/** A value without what was to be left out. */
export interface Redacted {
  /** The copy. */
  readonly value: unknown;
  /** The paths of what was left out, some of them if there are many. */
  readonly paths: readonly string[];
}

type Container = unknown[] | Map<unknown, unknown> | Record<string, unknown>;

/** A part of a value, and where it is. */
interface Part {
  /** What it is directly in; `undefined` for the whole value. */
  readonly within: Container | undefined;
  /** Its key there. */
  readonly key: string;
  /** The keys that lead to it, joined by dots. */
  readonly path: string;
  /** The part. */
  readonly value: unknown;
}

/**
 * Makes a copy of a value without some of its parts. Plain objects, arrays and maps are looked into; what else there is stays as it is.
 *
 * @throws {ConfigError} If a path leads to nothing.
 */
export function redacted(input: unknown, redact: Redact): Redacted {
  const paths: string[] = [];
  const secrets = new Set<string>();
  const leaveOut = ({ path, value }: Part): true => {
    paths.push(path);
    collectTexts(value, secrets);
    return true;
  };
  const isRedacted = typeof redact === "function"
    ? ({ path, value }: Part) => redact(path, value)
    : markedBy(input, redact);
  const first = copied(input, (part) => isRedacted(part) && leaveOut(part));
  const others = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET && secret !== REDACTED);
  const value = others.length === 0 ? first : copied(first, ({ path, value }) => {
    if (typeof value !== "string" || value === REDACTED) return false;
    return others.some((secret) => value.includes(secret)) && paths.push(path) > 0;
  });
  const told = paths.slice(0, MOST_TOLD - 1);
  return { value, paths: paths.length <= MOST_TOLD ? paths : [...told, `… and ${paths.length - told.length} more`] };
}

/** Finds what paths lead to, before anything is copied: what is in a value twice is found by either path. */
function markedBy(input: unknown, redact: readonly string[]): (part: Part) => boolean {
  const marked = new Map<unknown, Set<string>>();
  for (const path of redact) {
    let found: Pick<Part, "within" | "key" | "value">[] = [{ within: undefined, key: "", value: input }];
    for (const wanted of path === "" ? [] : path.split(".")) {
      found = found.flatMap(({ value }) => {
        const within = containerOf(value);
        if (within === undefined) return [];
        return entriesOf(within).flatMap(([key, value]) => {
          return wanted === "*" || wanted === String(key) ? [{ within, key: String(key), value }] : [];
        });
      });
    }
    if (found.length === 0) {
      throw new ConfigError(
        `The input has no part ${
          JSON.stringify(path)
        } to be left out: check \`redact\`, or give a function where it may be ` +
          "missing.",
      );
    }
    for (const { within, key } of found) {
      const keys = marked.get(within) ?? new Set();
      marked.set(within, keys.add(key));
    }
  }
  return ({ within, key }) => marked.get(within)?.has(key) === true;
}

/** A copy in which the marker stands for each part that `isOut` names. What is there twice, or in itself, is so in the copy. */
function copied(root: unknown, isOut: (part: Part) => boolean): unknown {
  const work: { readonly from: Container; readonly to: Container; readonly path: string | undefined }[] = [];
  const copies = new Map<object, Container>();
  const take = (part: Part): unknown => {
    if (isOut(part)) return REDACTED;
    const from = containerOf(part.value);
    if (from === undefined) return part.value;
    const known = copies.get(from);
    if (known !== undefined) return known;
    const to: Container = Array.isArray(from) ? new Array(from.length) : from instanceof Map ? new Map() : {};
    copies.set(from, to);
    work.push({ from, to, path: part.within === undefined ? undefined : part.path });
    return to;
  };
  const copy = take({ within: undefined, key: "", path: "", value: root });
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { from, to, path } = next;
    for (const [key, value] of entriesOf(from)) {
      const text = String(key);
      const part = take({ within: from, key: text, path: path === undefined ? text : `${path}.${text}`, value });
      if (to instanceof Map) to.set(key, part);
      // Not by assignment, which a key such as `__proto__` would take for something else.
      else Object.defineProperty(to, text, { value: part, writable: true, enumerable: true, configurable: true });
    }
  }
  return copy;
}

function entriesOf(container: Container): [unknown, unknown][] {
  return container instanceof Map ? [...container] : Object.entries(container);
}

function containerOf(value: unknown): Container | undefined {
  return Array.isArray(value) || value instanceof Map || isPlain(value) ? value : undefined;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The texts in a part that is left out. */
function collectTexts(part: unknown, into: Set<string>): void {
  copied(part, ({ value }) => {
    if (typeof value === "string") into.add(value);
    return false;
  });
}
