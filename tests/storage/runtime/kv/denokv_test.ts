/**
 * The conformance suites on a real `denokv` server: 10 conditions a commit, many commits at once, bells that are watched.
 *
 * @module
 */
import { openKvRuntimeStorage } from "../../../../storage/runtime/kv/open.ts";
import { engineStorageConformance } from "../../../../testing/engine_storage_conformance.ts";
import { runtimeStorageConformance } from "../../../../testing/runtime_storage_conformance.ts";
import { type Denokv, startDenokv, withoutDenokv } from "../../../integration/servers/denokv.ts";

let server: Denokv | undefined;
let opened = 0;

/** Each test has a prefix of its own on the one server. */
async function open() {
  if (server === undefined) throw new Error("The server was not started.");
  const { url } = server;
  const prefix = `test-${opened++}`;
  const make = () => openKvRuntimeStorage(url, { prefix });
  let storage = await make();
  return {
    storage,
    beside: make,
    async reopen() {
      await storage.close();
      return storage = await make();
    },
    close: () => storage.close(),
  };
}

if (!withoutDenokv) {
  Deno.test.beforeAll(async () => {
    server = await startDenokv();
    Deno.env.set("DENO_KV_ACCESS_TOKEN", server.token);
  });
  Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());
  runtimeStorageConformance("KvRuntimeStorage on denokv", open);
  engineStorageConformance("KvRuntimeStorage on denokv", open);
}
