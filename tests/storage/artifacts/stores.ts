/**
 * The artifact stores that every test of artifacts runs on.
 *
 * @module
 */
import { type ArtifactStore, LocalArtifactStore, MemoryArtifactStore } from "@fusewire/fusewire";
import { temporaryFolder } from "../folders.ts";

/** An artifact store for one test. */
export interface StoreUnderTest extends AsyncDisposable {
  /** The store, empty. */
  readonly artifacts: ArtifactStore;
}

/** Every kind of store, by the name of its class. A new one is a line here. */
const STORES: Readonly<Record<string, () => Promise<StoreUnderTest>>> = {
  MemoryArtifactStore: () =>
    Promise.resolve({ artifacts: new MemoryArtifactStore(), [Symbol.asyncDispose]: () => Promise.resolve() }),
  LocalArtifactStore: async () => {
    const folder = await temporaryFolder();
    return {
      artifacts: new LocalArtifactStore({ path: `${folder.path}/store` }),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
};

/** Registers a test for each kind of store. */
export function testArtifacts(name: string, body: (artifacts: ArtifactStore) => Promise<void>): void {
  for (const [kind, open] of Object.entries(STORES)) {
    Deno.test(`${kind}: ${name}`, async () => {
      await using store = await open();
      await body(store.artifacts);
    });
  }
}

/** Keys of all objects of a store, the catalog's too. */
export async function keysOf({ objects }: ArtifactStore): Promise<string[]> {
  return await Array.fromAsync(objects.list(), ({ key }) => key);
}
