import { objectStoreConformance } from "../../../../testing/object_store_conformance.ts";
import { storeOnFake } from "./stores.ts";

objectStoreConformance("GcsObjectStore on a fake of the API", () => {
  const { store, api } = storeOnFake();
  return Promise.resolve({
    store,
    beside: () => Promise.resolve(storeOnFake({}, { fetch: api.fetch }).store),
    close: () => {
      if (api.sessions.open > 0) throw new Error(`${api.sessions.open} uploads were neither finished nor ended.`);
      return Promise.resolve();
    },
  });
}, { keepsReplaced: false, largeBytes: 3_000_001 });
