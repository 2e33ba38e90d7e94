/**
 * Values of one run taken over by another. What lies in the object store is copied, not shared: forgetting a run removes its objects.
 *
 * @module
 */
import type { StoredValue } from "../../storage/runtime/records.ts";
import { ConfigError } from "../errors.ts";
import { filesOf } from "./record_files.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import { isRecordKey } from "./serialized_values.ts";
import { objectFolder } from "./stored_values.ts";

/** How many values are read at a time: few at first, and more as long as they are small, so that large ones are not all in memory at once. */
const FEWEST_AT_ONCE = 16;
const MOST_AT_ONCE = 512;
/** The same where large values do not lie in an object store. */
const MOST_WITHOUT_OBJECTS = 128;
/** So many bytes at a time are few, and so many are a lot. */
const [FEW_BYTES, MANY_BYTES] = [200_000, 2_000_000];

/** Values of a run, some at a time, in the order of `places`; those that have none are left out. */
export async function* storedValues(
  { storage, objects }: Pick<RuntimeCore, "storage" | "objects">,
  runId: string,
  places: readonly number[],
): AsyncGenerator<{ place: number; value: StoredValue }[]> {
  const most = objects === undefined ? MOST_WITHOUT_OBJECTS : MOST_AT_ONCE;
  for (let [at, count] = [0, FEWEST_AT_ONCE]; at < places.length;) {
    const some = places.slice(at, at + count);
    const values = await storage.readValues(runId, some);
    yield some.flatMap((place, i) => {
      const value = values[i];
      return value === undefined ? [] : [{ place, value }];
    });
    at += some.length;
    const bytes = values.reduce((sum, value) => sum + (value?.kind === "bytes" ? value.bytes.length : 0), 0);
    if (bytes < FEW_BYTES) count = Math.min(most, 2 * count);
    else if (bytes > MANY_BYTES) count = Math.max(FEWEST_AT_ONCE, count >> 1);
  }
}

/**
 * A value of a run as one of another run.
 *
 * @throws {NotFoundError} If the object store has lost it.
 * @throws {ConfigError} If it lies in an object store and none is attached.
 */
export async function copyValue(
  { objects }: Pick<RuntimeCore, "objects">,
  value: StoredValue,
  from: string,
  to: string,
): Promise<StoredValue> {
  if (value.kind !== "object") return value;
  if (objects === undefined) {
    throw new ConfigError(
      `A value of run ${
        JSON.stringify(from)
      } of ${value.size} bytes lies in an object store; open the runtime with the ` +
        "`storage` it was written with.",
    );
  }
  const [source, target] = [objectFolder(from), objectFolder(to)];
  const path = value.key.slice(source.length);
  if (isRecordKey(value.key)) {
    for (const file of filesOf(await objects.get(value.key))) {
      await objects.copy(source + file.path, target + file.path);
    }
  }
  await objects.copy(value.key, target + path);
  return { ...value, key: target + path };
}
