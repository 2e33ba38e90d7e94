import { MemoryRuntimeStorage } from "../../../storage/runtime/memory.ts";
import { engineStorageConformance } from "../../../testing/engine_storage_conformance.ts";
import { runtimeStorageConformance } from "../../../testing/runtime_storage_conformance.ts";

const open = () => Promise.resolve({ storage: new MemoryRuntimeStorage() });

runtimeStorageConformance("MemoryRuntimeStorage", open);
engineStorageConformance("MemoryRuntimeStorage", open);
