/**
 * What every object store has to do, whichever it is.
 *
 * @module
 */
import { testConditions } from "./object_store_conditions.ts";
import {
  ObjectBench,
  type ObjectStoreConformanceOptions,
  type OpenObjectStore,
  type TestOnObjects,
} from "./object_store_fixture.ts";
import { testHostileKeys } from "./object_store_hostile.ts";
import { testKeys } from "./object_store_keys.ts";
import { testLists } from "./object_store_lists.ts";
import { testMetadata } from "./object_store_metadata.ts";
import { testPuts } from "./object_store_puts.ts";
import { testReads } from "./object_store_reads.ts";

/**
 * Registers the tests of `ObjectStore` with `Deno.test`.
 *
 * @example Test a store of one's own
 * ```ts ignore
 * import { MemoryObjectStore } from "@fusewire/fusewire";
 * import { objectStoreConformance } from "@fusewire/fusewire/testing";
 *
 * objectStoreConformance("MyObjectStore", () => Promise.resolve({ store: new MemoryObjectStore() }));
 * ```
 *
 * @param name What the names of the tests begin with.
 * @param open Opens an empty store; it is called for each test.
 * @param options What the store may do differently, and how much is tried on it.
 */
export function objectStoreConformance(
  name: string,
  open: OpenObjectStore,
  options: ObjectStoreConformanceOptions = {},
): void {
  const test: TestOnObjects = (what, body) => {
    Deno.test({
      name: `${name} ${what}`,
      ignore: options.ignore ?? false,
      fn: async () => {
        const opened = await open();
        try {
          await body(new ObjectBench(opened, options, what));
        } finally {
          await opened.close?.();
        }
      },
    });
  };
  testReads(test);
  testPuts(test);
  testConditions(test);
  testMetadata(test);
  testLists(test);
  testKeys(test);
  testHostileKeys(test);
}
