/**
 * The conformance suite on a real `denokv` server: 10 conditions a commit, many commits at once.
 *
 * @module
 */
import { KvObjectStore } from "../../../../storage/object_store/kv/kv_object_store.ts";
import { objectStoreConformance } from "../../../../testing/object_store_conformance.ts";
import { type Denokv, startDenokv, withoutDenokv } from "../../../integration/servers/denokv.ts";

let server: Denokv | undefined;
let opened = 0;

if (!withoutDenokv) {
  Deno.test.beforeAll(async () => void (server = await startDenokv()));
  Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());
}

// Each test has a prefix of its own on the one server.
objectStoreConformance("KvObjectStore on denokv", async () => {
  if (server === undefined) throw new Error("The server was not started.");
  const { open } = server;
  const handles = [await open()];
  const [kv] = handles;
  if (kv === undefined) throw new Error("There is no KV.");
  const prefix = `test-${opened++}`;
  return {
    store: new KvObjectStore({ kv, prefix, remote: true }),
    beside: async () => {
      const other = await open();
      handles.push(other);
      return new KvObjectStore({ kv: other, prefix, remote: true });
    },
    close: () => Promise.resolve(handles.forEach((handle) => handle.close())),
  };
}, { keepsReplaced: false, ignore: withoutDenokv, hostileKeys: 100 });
