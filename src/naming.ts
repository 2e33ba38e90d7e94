/**
 * Names of nodes: `<base>_0000`, `<base>_0001`, … counted per base in a naming scope, so that a graph that is built again gets
 * the same names in every process.
 *
 * @module
 */
import { MAX_NAME_BYTES, nameProblem } from "../storage/names.ts";
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

/**
 * Checks a workflow or node name: 1 to 255 UTF-8 bytes, no control characters, no lone surrogates. The rule is that of the stores,
 * because results are kept under these names.
 *
 * @throws {GraphError} If the name can not be used; the message says why.
 */
export function checkName(name: string, kind: "node" | "workflow"): void {
  const problem = typeof name === "string" ? nameProblem(name) : `it is ${typeof name}, and not a string`;
  if (problem === undefined) return;
  throw new GraphError(
    `The ${kind} name ${JSON.stringify(name)} is refused: ${problem}; ` +
      `a name has 1 to ${MAX_NAME_BYTES} UTF-8 bytes and no control characters.`,
  );
}
