/**
 * The stores that every test of task storage runs on.
 *
 * @module
 */
import { TaskStorage } from "../../storage/task_storage.ts";
import { everyStore } from "./object_store/every_store.ts";

const stores = everyStore();

/** Registers a test for each kind of store. `again` gives a new storage over the same objects, as a new process would have. */
export function testStorage(
  name: string,
  body: (storage: TaskStorage, again: () => TaskStorage) => Promise<void>,
): void {
  for (const store of stores) {
    Deno.test({
      name: `TaskStorage (${store.name}): ${name}`,
      ignore: store.ignore,
      fn: async () => {
        await using opened = await store.open();
        await body(new TaskStorage(opened.objects), () => new TaskStorage(opened.again()));
      },
    });
  }
}
