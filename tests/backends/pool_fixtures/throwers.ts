/** Tasks that throw, and values that can not travel. */
import { ConfigError, task } from "@fusewire/fusewire";

export class QuotaError extends RangeError {
  readonly code = "E_QUOTA";
  constructor(message: string, readonly limits: { readonly most: number }) {
    super(message, { cause: new TypeError("inner", { cause: "innermost" }) });
  }
}
class NamedError extends Error {
  override name = "NamedError";
}

const thrown = {
  quota: () => new QuotaError("too much", { most: 3 }),
  named: () => new NamedError("by name"),
  aggregate: () => new AggregateError([new RangeError("one"), "two"], "several"),
  dom: () => new DOMException("given up", "AbortError"),
  missing: () => new Deno.errors.NotFound("no such file"),
  own: () => new ConfigError("not so", { workflow: "w", node: "n" }),
  refused: () =>
    Object.assign(new Error("refused"), {
      response: new Response("", { status: 429, headers: { "retry-after": "90" } }),
    }),
  text: () => "only text",
  record: () => ({ code: 7 }),
  nothing: () => undefined,
  trap: () =>
    Object.defineProperty(new Error("trap"), "message", {
      get: () => {
        throw new Error("caught");
      },
    }),
  odd: () => Object.assign(new Error("odd"), { run: () => 1, at: new Date(5) }),
} as const;

export type Kind = keyof typeof thrown;

export const raise = task(function raise(kind: Kind): never {
  throw thrown[kind]();
});
export const raiseLater = task(async function raiseLater(kind: Kind): Promise<never> {
  await Promise.resolve();
  throw thrown[kind]();
});

class Point {
  constructor(readonly x: number) {}
  norm(): number {
    return Math.abs(this.x);
  }
}

const unfit = {
  callback: () => ({ model: { predict: function predict() {} } }),
  point: () => [[new Point(1)]],
  symbol: () => new Map([["key", Symbol("s")]]),
  promise: () => ({ list: [1, Promise.resolve(1)] }),
  url: () => ({ "the url": new URL("http://localhost/") }),
  proxy: () => new Proxy({}, {}),
  weak: () => new Set([new WeakMap()]),
  whole: () => (x: number) => x,
} as const;

export type Unfit = keyof typeof unfit;

export const giveUnfit = task(function giveUnfit(kind: Unfit): unknown {
  return unfit[kind]();
});
export const take = task(function take(value: unknown): string {
  return typeof value;
});
