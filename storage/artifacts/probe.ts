import type { Clock } from "../../src/clock.ts";
import { IntegrityError } from "../../src/errors.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import { newSaveId, probeKey } from "./layout.ts";
import { pointerTo } from "./locate.ts";

/** Does once all that saving, loading, listing and removing need, and leaves nothing behind. */
export async function probe(objects: ObjectStore, clock: Clock): Promise<void> {
  const id = newSaveId(clock);
  const key = probeKey(id);
  const bytes = new TextEncoder().encode(id);
  try {
    await objects.put(key, bytes, { contentType: "text/plain", metadata: pointerTo(id), apart: true });
    const read = await objects.get(key);
    let isListed = false;
    for await (const listed of objects.list(key)) isListed = listed.key === key;
    if (new TextDecoder().decode(read) !== id || !isListed || (await objects.head(key))?.size !== bytes.length) {
      throw new IntegrityError(`The store ${objects.place} does not give back what was written to it a moment ago.`);
    }
  } catch (error) {
    // What went wrong first is what counts.
    await objects.delete(key).catch(() => {});
    throw error;
  }
  await objects.delete(key);
}
