/**
 * When those who refused a call want to be asked again: what an error, or the answer to a request, says about it.
 *
 * @module
 */

/** The longest time, in milliseconds, that an error can put off the next attempt: a day. A longer one is taken for it. */
export const LONGEST_RETRY_AFTER = 86_400_000;

/** After this many causes of causes the rest is not asked. */
const DEPTH = 16;

/**
 * Milliseconds from `now` until an error wants the next attempt, from 0 to {@linkcode LONGEST_RETRY_AFTER}; 0 if it says nothing.
 *
 * It says so by `retryAfter`, a number of milliseconds or a `Date`, or by the header `Retry-After` of its `response` or its `headers`. Of
 * an error and its causes, the outermost that says something counts. It never throws, whatever was thrown.
 */
export function retryAfterOf(error: unknown, now: number): number {
  try {
    let one = error;
    for (let depth = 0; depth <= DEPTH && typeof one === "object" && one !== null; depth++) {
      const said = ownRetryAfter(one, now);
      if (said !== undefined) return said;
      one = Reflect.get(one, "cause");
    }
  } catch {
    // A getter of the cause may throw.
  }
  return 0;
}

/** As {@linkcode retryAfterOf}, of one error without its causes; `undefined` if it says nothing. */
export function ownRetryAfter(error: object, now: number): number | undefined {
  try {
    return saidBy(error, now);
  } catch {
    // An error may be a trap: a getter that throws, a proxy.
    return undefined;
  }
}

function saidBy(error: object, now: number): number | undefined {
  const own = bounded(waitOf(Reflect.get(error, "retryAfter"), now));
  if (own !== undefined) return own;
  const response: unknown = Reflect.get(error, "response");
  const headers: unknown[] = [Reflect.get(error, "headers")];
  if (typeof response === "object" && response !== null) headers.unshift(Reflect.get(response, "headers"));
  for (const each of headers) {
    const header = headerOf(each);
    const wait = header === undefined ? undefined : bounded(waitOfHeader(header, now));
    if (wait !== undefined) return wait;
  }
  return undefined;
}

/** What a `Retry-After` header asks for, in milliseconds from `now`; 0 if it asks for nothing. It has no bound. */
export function retryAfterHeader(headers: Headers, now: number): number {
  return waitOfHeader(headers.get("retry-after") ?? "", now) ?? 0;
}

/** A number of seconds, or a date, as RFC 9110 has it. */
function waitOfHeader(header: string, now: number): number | undefined {
  const text = header.trim();
  return /^\d+$/.test(text) ? Number(text) * 1_000 : waitOf(new Date(text), now);
}

function waitOf(said: unknown, now: number): number | undefined {
  if (typeof said === "number") return said >= 0 ? said : undefined;
  if (!(said instanceof Date) || Number.isNaN(said.getTime())) return undefined;
  return Math.max(0, said.getTime() - now);
}

function bounded(wait: number | undefined): number | undefined {
  return wait === undefined ? undefined : Math.min(wait, LONGEST_RETRY_AFTER);
}

/** The header of `Headers`, or of a plain object, as some clients give it. */
function headerOf(headers: unknown): string | undefined {
  if (headers instanceof Headers) return headers.get("retry-after") ?? undefined;
  if (typeof headers !== "object" || headers === null) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === "retry-after" && (typeof value === "string" || typeof value === "number")) {
      return String(value);
    }
  }
  return undefined;
}
