/**
 * Names of nodes: `<base>_0000`, `<base>_0001`, … counted per base in a naming scope, so that a graph that is built again gets
 * the same names in every process.
 *
 * @module
 */
import { GraphError } from "./errors.ts";

/** The next number of one base in one scope. */
export interface NameCounter {
  /** The number that the next node of this base gets. */
  next: number;
}

/** One count of names: a script, one build of a definition, or what `namingScope` encloses. */
export class NamingScope {
  readonly #counters = new Map<string, NameCounter>();

  /** The counter of one base. */
  counter(base: string): NameCounter {
    let counter = this.#counters.get(base);
    if (counter === undefined) this.#counters.set(base, counter = { next: 0 });
    return counter;
  }
}

let current = new NamingScope();

/** The scope in which a node made now is named. */
export function currentScope(): NamingScope {
  return current;
}

/**
 * Builds nodes in a naming scope of their own: their numbers start at `0000` again. Use it where one process builds the same
 * graph more than once. `scope: "descendants"` of a workflow sees only nodes of the root's own scope.
 *
 * @param build Makes the nodes; it must not be asynchronous.
 * @returns What `build` returns.
 * @throws {GraphError} If `build` returns a promise, because nodes made later would be named in another scope.
 *
 * @example
 * ```ts
 * import { namingScope, task } from "@fusewire/fusewire";
 *
 * const double = task(function double(x: number) {
 *   return 2 * x;
 * });
 * const build = () => double(double(1));
 * console.log(namingScope(build).name, namingScope(build).name); // double_0001 double_0001
 * ```
 */
export function namingScope<T>(build: () => T): T {
  const outer = current;
  current = new NamingScope();
  try {
    const result = build();
    if (result instanceof Promise) {
      throw new GraphError(
        "namingScope() was given an asynchronous function; build the nodes synchronously and await around it.",
      );
    }
    return result;
  } finally {
    current = outer;
  }
}

/** The name of node number `sequence` of a base. */
export function autoName(base: string, sequence: number): string {
  return `${base}_${sequence < 10_000 ? String(sequence).padStart(4, "0") : sequence}`;
}

/** The inverse of {@linkcode autoName}: base and number, or `undefined` where a name is not of that form. */
export function parseAutoName(name: string): { base: string; sequence: number } | undefined {
  const cut = name.lastIndexOf("_");
  if (cut < 0) return undefined;
  const sequence = Number(name.slice(cut + 1));
  const base = name.slice(0, cut);
  return Number.isSafeInteger(sequence) && autoName(base, sequence) === name ? { base, sequence } : undefined;
}

const utf8 = new TextEncoder();

/**
 * Checks a workflow or node name: 1 to 255 UTF-8 bytes, no control characters, no lone surrogates.
 *
 * @throws {GraphError} If the name can not be used; the message says why.
 */
export function checkName(name: string, kind: "node" | "workflow"): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new GraphError(`The ${kind} name ${JSON.stringify(name)} ${problem}.`);
}

function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return `is ${typeof name}, but a name is a string`;
  if (name.length === 0) return "is empty; a name has 1 to 255 bytes";
  if (!name.isWellFormed()) return "has half of a surrogate pair, which no file system keeps";
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) {
      return `has the control character U+${unit.toString(16).padStart(4, "0").toUpperCase()}`;
    }
  }
  const bytes = name.length > 85 ? utf8.encode(name).length : name.length;
  return bytes > 255 ? `has ${bytes} UTF-8 bytes; at most 255 are allowed` : undefined;
}
