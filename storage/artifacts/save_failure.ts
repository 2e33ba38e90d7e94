import { FusewireError, SerializationError } from "../../src/errors.ts";

/** The error of a value that can not be kept, with the path of the artifact. */
export function namedFailure(path: string, error: unknown): unknown {
  if (!(error instanceof SerializationError)) return error instanceof FusewireError ? error : failed(path, error);
  return new SerializationError(
    `The artifact ${JSON.stringify(path)} can not be stored: ${error.message} ` +
      "A class of your own needs a materializer: call registerMaterializer with one.",
    { cause: error },
  );
}

function failed(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new SerializationError(
    `The artifact ${JSON.stringify(path)} can not be stored: its materializer failed (${error.message}).`,
    { cause: error },
  );
}
