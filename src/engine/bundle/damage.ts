/**
 * The one error of a bundle that can not be taken over.
 *
 * @module
 */
import { IntegrityError } from "../../errors.ts";

/** A bundle that is not what an export wrote; `why` is the end of a sentence. */
export function damagedBundle(why: string, cause?: unknown): IntegrityError {
  return new IntegrityError(
    `The bundle can not be imported, and nothing of it was kept: ${why}.`,
    cause === undefined ? {} : { cause },
  );
}
