/**
 * Where everything of a KV object store lies. Texts in keys are ordered by their UTF-8 bytes, as lists of objects are.
 *
 * @module
 */
import type { KvKey, KvListSelector } from "../../kv/kv_like.ts";

/** The keys of one store. */
export class ObjectKeys {
  readonly #prefix: string;

  /** Everything lies below `prefix`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The manifest of an object. */
  object(key: string): KvKey {
    return [this.#prefix, "object", key];
  }

  /** The manifests of all objects whose keys begin with a text. */
  objects(beginning: string): KvListSelector {
    const prefix = [this.#prefix, "object"];
    if (beginning === "") return { prefix };
    const end = textAfter(beginning);
    return end === undefined
      ? { prefix, start: [...prefix, beginning] }
      : { start: [...prefix, beginning], end: [...prefix, end] };
  }

  /** A part of the bytes of a version of an object. */
  chunk(version: string, index: number): KvKey {
    return [this.#prefix, "chunk", version, index];
  }

  /** Some of the parts, from the first up to but not including `end`. */
  chunks(version: string, first: number, end: number): KvListSelector {
    return { start: this.chunk(version, first), end: this.chunk(version, end) };
  }

  /** That the chunks of a version belong to no object, not yet or not any more. */
  loose(version: string): KvKey {
    return [this.#prefix, "loose", version];
  }

  /** All versions that belong to no object. */
  allLoose(): KvListSelector {
    return { prefix: [this.#prefix, "loose"] };
  }
}

/** The first text after all that begin with this one; `undefined` if there is none. */
function textAfter(beginning: string): string | undefined {
  const points = [...beginning];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point === 0x10ffff) continue;
    // Surrogates are no characters.
    return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}
