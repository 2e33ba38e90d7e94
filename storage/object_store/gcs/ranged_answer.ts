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

/** Up to which size a body is taken as a whole, in bytes: that is quicker than piece by piece, and takes memory twice. */
const WHOLE_BYTES = 1024 * 1024;

/** Fills a buffer with all of the body. Throws if it is not as long: a connection that ends too early looks like this at times. */
export async function bodyInto(response: Response, into: Uint8Array<ArrayBuffer>): Promise<void> {
  if (into.length <= WHOLE_BYTES && hasLength(response, into.length)) {
    const bytes = await response.bytes();
    if (bytes.length === into.length) return into.set(bytes);
    throw new AgainError(`the answer ended after ${bytes.length} of ${into.length} bytes`);
  }
  let at = 0;
  for await (const piece of response.body ?? []) {
    if (at + piece.length > into.length) {
      throw new AgainError(`the answer has more than the ${into.length} bytes of the range`);
    }
    into.set(piece, at);
    at += piece.length;
  }
  if (at < into.length) throw new AgainError(`the answer ended after ${at} of ${into.length} bytes`);
}

/** Whether an answer announces a body of this length, so that no longer one comes. */
function hasLength({ headers }: Response, length: number): boolean {
  return headers.get("content-length") === String(length) && !headers.has("content-encoding");
}
