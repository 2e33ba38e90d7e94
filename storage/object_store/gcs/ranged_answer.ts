/**
 * Answers that are bytes of an object.
 *
 * @module
 */
import { AgainError } from "../http/transport.ts";

/** The length of the whole object as the range of an answer tells it. */
export function sizeIn(response: Response): number | undefined {
  const [, size] = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  return size === undefined ? undefined : Number(size);
}

/** The length of the whole object, from an answer that has the bytes that were asked for. Throws `AgainError` if it has others. */
export function lengthIn(response: Response, start: number, end: number): number {
  if (response.status === 206) {
    const size = sizeIn(response);
    const first = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
    if (size !== undefined && first === String(start)) return size;
    throw new AgainError(
      `the answer has the bytes ${
        JSON.stringify(response.headers.get("content-range"))
      } instead of those from ${start} on`,
    );
  }
  // All of it, which may be what was asked for.
  const length = response.headers.get("content-length");
  if (start === 0 && length !== null && /^\d+$/.test(length) && Number(length) <= end) return Number(length);
  throw new AgainError("the answer does not say which bytes it has");
}
