/**
 * For tests of what runs on Fusewire, and of Fusewire: a clock that moves when it is told to, a key-value store in memory that
 * behaves like `Deno.Kv`, a handle on any store whose operations go wrong as planned, and a simulation of many processes on one
 * store, in which everything that happens comes from a seed.
 *
 * @module
 */
export type { Clock, Timer } from "../src/clock.ts";
export type {
  KvAtomicLike,
  KvCheck,
  KvCommitError,
  KvCommitResult,
  KvEntry,
  KvEntryMaybe,
  KvKey,
  KvKeyPart,
  KvLike,
  KvListIteratorLike,
  KvListOptions,
  KvListSelector,
  KvReadOptions,
} from "../storage/kv/kv_like.ts";
export type { KvReads } from "./kv_state.ts";
export type { MemoryAtomic, Mutation } from "./memory_atomic.ts";
export type { StoredValue } from "./kv_value.ts";
export * from "./crashing_kv.ts";
export * from "./memory_kv.ts";
export * from "./seeded_random.ts";
export * from "./settle.ts";
export * from "./virtual_clock.ts";
export type { Fault, FaultDecision, FaultPlan, KvOperation } from "./fault.ts";
export type { FaultyAtomic } from "./faulty_atomic.ts";
export * from "./faulty_kv.ts";
export type { FaultyKvOptions, Latency } from "./passage.ts";
export type { FaultyPlainStorage } from "./faulty_plain_storage.ts";
export * from "./faulty_runtime_storage.ts";
export type { EarlierAnswers, FaultyRuntimeStorageOptions, StorageCall, StorageFaultPlan } from "./storage_faults.ts";
export * from "./random_faults.ts";
export * from "./shrink.ts";
export * from "./simulate.ts";
export type { SimulatedProcess } from "./simulated_process.ts";
export * from "./simulated_world.ts";
export type { SimulatedWorldOptions } from "./simulated_world_options.ts";
export * from "./simulation_error.ts";
export * from "./simulate_workflows.ts";
export type { WorkflowSimulation } from "./workflow_simulation.ts";
export type { OpenedStorage, OpenStorage } from "./conformance_fixture.ts";
export * from "./engine_storage_conformance.ts";
export * from "./runtime_storage_conformance.ts";
export type { ObjectStoreConformanceOptions, OpenedObjectStore, OpenObjectStore } from "./object_store_fixture.ts";
export * from "./object_store_conformance.ts";
