/**
 * Where a thing was made: the module of the code that made it, the way the calls went, and its order there. Another thread that
 * imports the same module makes the same things in the same order.
 *
 * @module
 */

/** Where a thing was made. */
export interface CodeOrigin {
  /** URL of the module, or `undefined` where the stack does not tell. */
  readonly module: string | undefined;
  /** Positions in the code from the call outwards: equal where the same line made the thing by the same way. */
  readonly trail: string;
  /** How many things of the kind had been made by this very way before: a loop makes several. */
  readonly order: number;
}

/** A function, or a class while it constructs. */
export type Callee = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => object);

/** Counts the things of one kind. */
export class OriginCounter {
  readonly #counts = new Map<string, number>();

  /** The origin of a thing that is being made by the code that called `above`. */
  next(above: Callee): CodeOrigin {
    const frames = framesAbove(above);
    const trail = frames.join("\n");
    const order = this.#counts.get(trail) ?? 0;
    this.#counts.set(trail, order + 1);
    return { module: modulesOf(trail)[0], trail, order };
  }
}

/** URLs of the modules that a trail goes through, each once, innermost first. */
export function modulesOf(trail: string): string[] {
  const modules = new Set<string>();
  for (const frame of trail.split("\n")) {
    const module = frame.match(/((?:file|https?|jsr|npm|blob):[^\s()]+?)(?::\d+){2}\)?$/)?.[1];
    if (module !== undefined) modules.add(module);
  }
  return [...modules];
}

/** How many calls are looked at; as many as V8 shows by default. */
const FRAMES = 10;

/** The calls that led to `above`, innermost first. Asynchronous ones differ from thread to thread and are left out. */
function framesAbove(above: Callee): string[] {
  const { stackTraceLimit } = Error;
  const trace: { stack?: string } = {};
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(trace, above);
  const { stack = "" } = trace;
  Error.stackTraceLimit = stackTraceLimit;
  const frames = stack.split("\n").slice(1).map((line) => line.trim());
  const waiting = frames.findIndex((frame) => frame.startsWith("at async "));
  return waiting < 0 ? frames : frames.slice(0, waiting);
}
