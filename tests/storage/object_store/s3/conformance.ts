/**
 * The conformance suite over a server of S3.
 *
 * @module
 */
import { objectStoreConformance } from "../../../../testing/object_store_conformance.ts";
import type { ObjectStoreConformanceOptions } from "../../../../testing/object_store_fixture.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import type { S3Server } from "../../../integration/servers/versitygw.ts";
import type { SharedServer } from "./stores.ts";

/** Registers the tests; each gets a bucket of its own, in which something lies beside the store. */
export function s3Conformance(
  name: string,
  server: SharedServer<S3Server>,
  Store: typeof S3ObjectStore,
  options: ObjectStoreConformanceOptions,
): void {
  objectStoreConformance(name, async () => {
    const of = await server.options();
    const around = new S3ObjectStore({ ...of, prefix: "" });
    await around.put("fusewire-beside/a", new Uint8Array(3), { apart: true });
    return {
      store: new Store(of),
      beside: () => Promise.resolve(new Store(of)),
      async around() {
        const found = await Array.fromAsync(around.list());
        return found.filter(({ key }) => !key.startsWith("fusewire/"));
      },
    };
  }, { keepsReplaced: false, ...options });
}
