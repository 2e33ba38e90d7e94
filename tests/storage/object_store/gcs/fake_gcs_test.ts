import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import { objectStoreConformance } from "../../../../testing/object_store_conformance.ts";
import { startFakeGcs, withoutFakeGcs } from "../../../integration/servers/fake_gcs.ts";

objectStoreConformance("GcsObjectStore on fake-gcs-server", async () => {
  const server = await startFakeGcs();
  await server.createBucket("tests");
  const options = { bucket: "tests", endpoint: server.url, partBytes: 1024 * 1024 };
  const around = new GcsObjectStore({ ...options, prefix: "around" });
  await around.put("a", new Uint8Array(3));
  return {
    store: new GcsObjectStore(options),
    beside: () => Promise.resolve(new GcsObjectStore(options)),
    around: async () => {
      const whole = new GcsObjectStore({ ...options, prefix: "" });
      const keys = (await Array.fromAsync(whole.list())).map(({ key }) => key);
      return [keys.filter((key) => !key.startsWith("fusewire/")), await around.head("a")];
    },
    close: () => server[Symbol.asyncDispose](),
  };
}, { ignore: withoutFakeGcs, keepsReplaced: false });
