/**
 * Fusewire: wrap functions and classes with {@linkcode task}, call them, and have a typed graph that runs in process, on workers,
 * or durably, and keeps its results.
 *
 * @module
 */
export * from "./src/ref.ts";
export type { NoArrayMethods, Node, NodeOf, TupleNode, TuplePlaces } from "./src/node.ts";
export { namingScope } from "./src/naming.ts";
export { task, workflow } from "./src/task.ts";
export type { Builder, Overloaded, Same, TaskOf } from "./src/task.ts";
export { optional } from "./src/control/optional.ts";
export { anyOf } from "./src/control/any_of.ts";
export { branch } from "./src/control/branch.ts";
export { sleep } from "./src/control/sleep.ts";
export { type SignalOptions, waitForSignal } from "./src/control/wait_for_signal.ts";
export { approval, type Decision } from "./src/control/approval.ts";
export { type SubInput, subWorkflow } from "./src/control/sub_workflow.ts";
export { map, type MapItemsOptions, mapSettled } from "./src/control/map.ts";
export type { SettledItem } from "./src/control/gather.ts";
export type { CaseKey, CaseName, CaseProblems, CaseValue } from "./src/control/branch.ts";
export { repeatUntil } from "./src/control/repeat_until.ts";
export type { LoopValue, RepeatOptions } from "./src/control/repeat_until.ts";
export type { LoopLimit } from "./src/control/control.ts";
export { nodeOf } from "./src/instance.ts";
export type { Instance, Method } from "./src/instance.ts";
export * from "./src/errors.ts";
export * from "./src/status.ts";
export * from "./src/options.ts";
export * from "./src/policy.ts";
export { CircuitBreakerPolicy } from "./src/circuit_breaker.ts";
export type { CircuitBreakerOptions } from "./src/circuit_breaker.ts";
export * from "./src/plugin.ts";
export type {
  RunTracer,
  TraceCarry,
  TraceDetail,
  TracedRun,
  TraceEnd,
  TraceEntrance,
  TraceEvent,
  Tracer,
  WorkerEventDetail,
} from "./src/tracer.ts";
export { definePlugin } from "./src/plugin_origin.ts";
export { context } from "./src/context.ts";
export type { TaskContext, TaskLog } from "./src/context.ts";
export { defineHooks } from "./src/hooks.ts";
export type { HookOutcome, Hooks, RunHookContext, RunHooks, TaskHooks } from "./src/hooks.ts";
export { RunLifetime } from "./src/run_lifetime.ts";
export type { RunLifetimeSetup } from "./src/run_lifetime.ts";
export type { RunShared } from "./src/run_shared.ts";
export { runAttempt } from "./src/attempt.ts";
export type { AttemptOptions, AttemptOutcome, AttemptPlace, AttemptTime } from "./src/attempt.ts";
export * from "./src/clock.ts";
export type * from "./src/events.ts";
export type * from "./src/run.ts";
export type { Plan, PlanAction, PlanReason, PlanStep, UncachedCause } from "./src/results/plan.ts";
export type { FingerprintChange } from "./src/results/fingerprint.ts";
export { Query } from "./src/query.ts";
export type { QueryTarget } from "./src/query.ts";
export type { Graph } from "./src/graph.ts";
export type { BackendRun, BackendStep } from "./src/execution/backend_run.ts";
export { BaseWorkflow } from "./src/workflow.ts";
export type {
  BaseWorkflowOptions,
  DefinitionWorkflowOptions,
  OptionsFor,
  ResultOf,
  WorkflowOptions,
  WorkflowSource,
} from "./src/workflow_options.ts";
export { defineWorkflow } from "./src/definition.ts";
export type { Definition, DefinitionOptions } from "./src/definition.ts";
export { fromSchema, fromYaml, toSchema, toYaml } from "./src/schema/schema.ts";
export type { FromSchemaOptions, SchemaNames, SchemaTask } from "./src/schema/named_code.ts";
export type * from "./src/schema/control_schema.ts";
export type * from "./src/schema/workflow_schema.ts";
export type { Input } from "./src/input.ts";
export type { AnySchema, OutputSchema, SchemaIssue, SchemaResult, StandardSchema } from "./src/standard_schema.ts";
export { InProcessWorkflow } from "./src/in_process.ts";
export type { StepCall } from "./src/execution/setup.ts";
export { LocalWorkflow } from "./src/backends/local.ts";
export { runBatch } from "./src/backends/batch.ts";
export type { LocalBatchOptions } from "./src/backends/batch.ts";
export type { BatchInputs, BatchOptions, BatchResult } from "./src/batch.ts";
export type { DurableBatchOptions } from "./src/engine/durable_batch.ts";
export { PoolWorkflow } from "./src/backends/pool.ts";
export type { PoolOptions, PoolOptionsFor } from "./src/backends/pool.ts";
export { GraphWorkflow } from "./src/backends/graph.ts";
export type { DrawingOptions, GraphOptionsFor } from "./src/backends/graph.ts";
export { KvWorkflow } from "./src/backends/kv.ts";
export type { KvOptionsFor } from "./src/backends/kv.ts";
export { DurableWorkflow } from "./src/engine/executable.ts";
export { openRuntime } from "./src/engine/open_runtime.ts";
export type { RuntimeOptions } from "./src/engine/open_runtime.ts";
export type { Runtime } from "./src/engine/runtime.ts";
export type { StartArguments, StartOptions } from "./src/engine/new_run.ts";
export type { ForkOptions } from "./src/engine/fork.ts";
export type { ExportOptions, ImportOptions, Redact } from "./src/engine/bundle/options.ts";
export type { DurableRun } from "./src/engine/durable_run.ts";
export type {
  TickResult,
  Worker,
  WorkerOptions,
  WorkerRunOptions,
  WorkerTickOptions,
} from "./src/engine/worker_handle.ts";
export { scheduleCron } from "./src/engine/cron.ts";
export type { CronCatchUp, CronInput, CronOptions, CronOverlap, CronSettings, CronTick } from "./src/engine/cron.ts";
export { timerTrigger } from "./src/engine/cron_trigger.ts";
export type { CronJob, CronTrigger } from "./src/engine/cron_trigger.ts";
export type { GcOptions } from "./src/engine/retention.ts";
export { KvRuntimeStorage } from "./storage/runtime/kv/kv_runtime_storage.ts";
export type { KvRuntimeStorageOptions } from "./storage/runtime/kv/options.ts";
export { openKvRuntimeStorage } from "./storage/runtime/kv/open.ts";
export type { KvTarget } from "./storage/runtime/kv/open.ts";
export { MemoryRuntimeStorage } from "./storage/runtime/memory.ts";
export type { RuntimeStorage } from "./storage/runtime/runtime_storage.ts";
export type * from "./storage/runtime/engine_storage.ts";
export type * from "./storage/runtime/filled_run.ts";
export type { TurnLimit } from "./storage/runtime/rate_limit.ts";
export type * from "./storage/runtime/records.ts";
export type * from "./storage/runtime/result_cache.ts";
export { InitializerPlugin } from "./plugins/initializer.ts";
export { RandomStatePlugin } from "./plugins/random_state.ts";
export type { RandomStateOptions } from "./plugins/random_state.ts";
export { PluginCollection } from "./plugins/collection.ts";
export { ProgressPlugin } from "./plugins/progress.ts";
export type { ProgressOptions } from "./plugins/progress.ts";
export type { ProgressOutput } from "./plugins/progress/output.ts";
export { FileTracer } from "./plugins/file_tracer.ts";
export type { FileTracerOptions } from "./plugins/file_tracer.ts";
export { readTrace } from "./plugins/read_trace.ts";
export { TelemetryPlugin } from "./plugins/telemetry.ts";
export { TaskStorage } from "./storage/task_storage.ts";
export type {
  InspectOptions,
  LoadedResult,
  PreparedResult,
  StoredEntry,
  TaskSelection,
  WriteOptions,
} from "./storage/task_storage.ts";
export { FileStorage } from "./storage/file_storage.ts";
export type { FileStorageOptions } from "./storage/file_storage.ts";
export { MemoryStorage } from "./storage/memory_storage.ts";
export { S3Storage } from "./storage/s3_storage.ts";
export { GcsStorage } from "./storage/gcs_storage.ts";
export { KvStorage } from "./storage/kv_storage.ts";
export { ArtifactStore } from "./storage/artifact_store.ts";
export type { ArtifactStoreDict, ArtifactStoreOptions } from "./storage/artifact_store.ts";
export { LocalArtifactStore } from "./storage/local_artifact_store.ts";
export type { LocalArtifactStoreOptions } from "./storage/local_artifact_store.ts";
export { S3ArtifactStore } from "./storage/s3_artifact_store.ts";
export type { S3ArtifactStoreOptions } from "./storage/s3_artifact_store.ts";
export { GCSArtifactStore } from "./storage/gcs_artifact_store.ts";
export type { GCSArtifactStoreOptions } from "./storage/gcs_artifact_store.ts";
export { KvArtifactStore } from "./storage/kv_artifact_store.ts";
export type { KvArtifactStoreOptions } from "./storage/kv_artifact_store.ts";
export { MemoryArtifactStore } from "./storage/memory_artifact_store.ts";
export type * from "./storage/artifacts/entry.ts";
export { getMaterializer, registerMaterializer } from "./storage/artifacts/materializer.ts";
export type {
  ArtifactFolder,
  Materialized,
  MaterializedBefore,
  Materializer,
} from "./storage/artifacts/materializer.ts";
export { FileArtifact } from "./storage/artifacts/file_artifact.ts";
export type { FileArtifactOptions } from "./storage/artifacts/file_artifact.ts";
export { ImageArtifact } from "./storage/artifacts/image_artifact.ts";
export type { ImageType } from "./storage/artifacts/image_artifact.ts";
export { storageFactory, storageFromYaml } from "./storage/factory.ts";
export type { StorageConfig } from "./storage/factory.ts";
export type { MemoryStorageOptions } from "./storage/storage_options.ts";
export {
  entryOf,
  FILE_PROTOCOL,
  GCS_PROTOCOL,
  KV_PROTOCOL,
  MEMORY_PROTOCOL,
  S3_PROTOCOL,
} from "./storage/protocols.ts";
export type { BucketProtocolEntry, ProtocolEntry, Protocols } from "./storage/protocols.ts";
export type { BucketClient, BucketObjectStore } from "./storage/object_store/bucket.ts";
export type {
  ByteRange,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreKind,
} from "./storage/object_store/object_store.ts";
export { FileObjectStore } from "./storage/object_store/file.ts";
export type { FileObjectStoreOptions } from "./storage/object_store/file.ts";
export { KvObjectStore } from "./storage/object_store/kv/kv_object_store.ts";
export type { KvObjectStoreOptions } from "./storage/object_store/kv/options.ts";
export { MemoryObjectStore } from "./storage/object_store/memory.ts";
export { S3ObjectStore } from "./storage/object_store/s3/s3_object_store.ts";
export type { S3Credentials, S3ObjectStoreOptions } from "./storage/object_store/s3/options.ts";
export type { Fetch } from "./storage/object_store/http/transport.ts";
export { GcsObjectStore } from "./storage/object_store/gcs/gcs_object_store.ts";
export type { GcsObjectStoreOptions } from "./storage/object_store/gcs/options.ts";
export type { GcsServiceAccount } from "./storage/object_store/gcs/service_account.ts";
export type { GcsToken, GcsTokenSource } from "./storage/object_store/gcs/tokens.ts";
export { NdArray } from "./storage/codec/ndarray.ts";
export type { NdArrayOptions } from "./storage/codec/ndarray.ts";
export type { Dtype, TypedArray } from "./storage/codec/dtype.ts";
export { readNpy, writeNpy } from "./storage/codec/npy.ts";
export type { ReadNpyOptions } from "./storage/codec/npy.ts";
export type { ClassOf, Serializer } from "./storage/codec/serializers.ts";
export { TypedArraySerializer } from "./storage/codec/typed_array_serializer.ts";
export type { TypedArrayPid } from "./storage/codec/typed_array_serializer.ts";
export { ChunkedArray } from "./storage/codec/chunked_array.ts";
export type { Chunk, ChunkLayout, MapOptions } from "./storage/codec/chunked_array.ts";
export type { ArrayOf, ArraysByDtype } from "./storage/codec/array_of.ts";
export type { AxisRange, ChunkPlace } from "./storage/codec/chunk_grid.ts";
export { ChunkedArraySerializer } from "./storage/codec/chunked_array_serializer.ts";
export type { ChunkedArrayPid } from "./storage/codec/chunked_array_serializer.ts";
export { openZarr } from "./storage/codec/zarr.ts";
export type { OpenZarrOptions, ZarrSource } from "./storage/codec/zarr.ts";
