import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import { objectStoreConformance } from "../../../testing/object_store_conformance.ts";

objectStoreConformance("MemoryObjectStore", () => Promise.resolve({ store: new MemoryObjectStore() }));
