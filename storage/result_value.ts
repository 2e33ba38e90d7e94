/**
 * The value of a result in the codec's encoding, with errors that name whose result it is.
 *
 * @module
 */
import { FusewireError, IntegrityError, SerializationError } from "../src/errors.ts";
import type { External } from "./codec/external.ts";
import { decode, encode } from "./codec/structured.ts";
import { encodeInspecting, type Inspected, type SerializerRegistry } from "./codec/serializers.ts";
import { damagedResult, type ResultPlace } from "./value_files.ts";

/** Encodes a value, and lists the objects in it that serializers keep: with none, nothing is left to do. */
export function inspectValue(place: ResultPlace, value: unknown, registry: SerializerRegistry): Inspected {
  return naming(place, "stored", () => encodeInspecting(value, registry));
}

/** Encodes a value in which `externals` gives the serializer of each object that is kept elsewhere, and its number. */
export function encodeValue(
  place: ResultPlace,
  value: unknown,
  externals: ReadonlyMap<object, External>,
): Uint8Array[] {
  return naming(place, "stored", () => encode(value, { external: (object) => externals.get(object) }));
}

/** Decodes a value; `values` are the objects that are kept elsewhere, by number. */
export function decodeValue(place: ResultPlace, body: Uint8Array, values: readonly unknown[]): unknown {
  return naming(place, "read", () =>
    decode(body, {
      external({ pid }) {
        if (typeof pid !== "number" || !(pid in values)) {
          throw damagedResult(place, "it names an object that it has not");
        }
        return values[pid];
      },
    }));
}

/** Encodes what serializers need to find their objects again. */
export function encodePids(place: ResultPlace, pids: readonly unknown[]): Uint8Array[] {
  return naming(place, "stored", () => encode(pids));
}

/** Reads back what {@linkcode encodePids} gave. */
export function decodePids(place: ResultPlace, bytes: Uint8Array): readonly unknown[] {
  const pids = naming(place, "read", () => decode(bytes));
  if (!Array.isArray(pids)) throw damagedResult(place, "its list of objects can not be read");
  return pids;
}

function naming<T>(place: ResultPlace, verb: "stored" | "read", work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FusewireError) || error.node !== undefined) throw error;
    if (error instanceof IntegrityError) throw damagedResult(place, error.message.replace(/\.$/, ""), error);
    throw new SerializationError(
      `The result of task ${JSON.stringify(place.task)} of workflow ${
        JSON.stringify(place.workflow)
      } can not be ${verb}: ` +
        error.message,
      { workflow: place.workflow, node: place.task, cause: error },
    );
  }
}
