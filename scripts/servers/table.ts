/**
 * Every server that tests need, with the suites that need it: a suite is one line here.
 *
 * @module
 */
import { goServer } from "./go.ts";
import { pythonServer } from "./python.ts";
import type { Server } from "./server.ts";

/** What is tried on every kind of store, S3 and Google Cloud Storage among them. */
const ON_EVERY_STORE: readonly string[] = [
  "tests/storage/artifacts/buckets_test.ts",
  "tests/storage/artifacts/catalog_test.ts",
  "tests/storage/artifacts/materializers_test.ts",
  "tests/storage/artifacts/readers_test.ts",
  "tests/storage/artifacts/values_test.ts",
  "tests/storage/prepare_test.ts",
  "tests/storage/task_storage_test.ts",
  "tests/acceptance/flowyml_artifacts_test.ts",
  "tests/acceptance/function_fuse_storage_test.ts",
  "tests/examples/stores_test.ts",
];

/** The self-hosted server of Deno KV, with less optimisation than by default: that halves the time it takes to build. */
export const denokv: Server = {
  name: "denokv",
  version: "0.14.0",
  startedBy: "denokv.ts",
  installer: "cargo",
  probe: ["--version"],
  suites: [
    "tests/integration/servers/denokv_test.ts",
    "tests/integration/remote_kv/open_test.ts",
    "tests/integration/remote_kv/engine_test.ts",
    "tests/integration/remote_kv/fork_test.ts",
    "tests/crash/denokv_test.ts",
    "tests/storage/runtime/kv/denokv_test.ts",
    "tests/storage/object_store/kv/denokv_test.ts",
  ],
  command: (folder, build) => ({
    args: ["install", "denokv", "--locked", "--version", "0.14.0", "--no-track", "--root", folder],
    env: {
      CARGO_TARGET_DIR: build,
      CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
      CARGO_PROFILE_RELEASE_LTO: "false",
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
    },
  }),
};

/** The strictest S3 server at hand: signatures, hashes, conditions, rules of multipart uploads. */
export const versitygw: Server = goServer({
  name: "versitygw",
  version: "1.8.0",
  package: "github.com/versity/versitygw/cmd/versitygw",
  startedBy: "versitygw.ts",
  suites: [
    "tests/integration/servers/versitygw_test.ts",
    "tests/storage/object_store/s3/conformance_test.ts",
    "tests/storage/object_store/s3/versitygw_test.ts",
    "tests/storage/object_store/s3/multipart_test.ts",
    "tests/storage/object_store/s3/faults_test.ts",
    ...ON_EVERY_STORE,
  ],
});

/** An S3 server that takes keys of every shape. */
export const moto: Server = pythonServer({
  name: "moto",
  version: "5.2.5",
  requirements: "moto.txt",
  startedBy: "moto.ts",
  suites: [
    "tests/integration/servers/moto_test.ts",
    "tests/integration/servers/versitygw_test.ts",
    "tests/storage/object_store/s3/moto_conformance_test.ts",
    "tests/storage/object_store/s3/moto_test.ts",
  ],
});

/** A server of the Google Cloud Storage API that is right on preconditions, hashes and pages. */
export const fakeGcs: Server = goServer({
  name: "fake-gcs-server",
  version: "1.56.1",
  package: "github.com/fsouza/fake-gcs-server",
  startedBy: "fake_gcs.ts",
  suites: [
    "tests/integration/servers/fake_gcs_test.ts",
    "tests/storage/object_store/gcs/fake_gcs_test.ts",
    "tests/storage/object_store/gcs/gcs_storage_test.ts",
    "tests/storage/object_store/gcs/large_objects_test.ts",
    "tests/storage/object_store/gcs/wire_faults_test.ts",
    ...ON_EVERY_STORE,
  ],
});

/** A server of the Google Cloud Storage API that is right on resumed uploads. */
export const gcpEmulator: Server = pythonServer({
  name: "gcp-storage-emulator",
  version: "2026.7.19",
  requirements: "gcp_storage_emulator.txt",
  startedBy: "gcp_emulator.ts",
  suites: [
    "tests/integration/servers/gcp_emulator_test.ts",
    "tests/storage/object_store/gcs/large_objects_test.ts",
    "tests/storage/object_store/gcs/wire_faults_test.ts",
  ],
});

/** Faults on the wire between a client and a server. */
export const toxiproxy: Server = goServer({
  name: "toxiproxy",
  version: "2.5.0",
  package: "github.com/Shopify/toxiproxy/v2/cmd/server",
  program: "bin/server",
  startedBy: "toxiproxy.ts",
  suites: [
    "tests/integration/servers/toxiproxy_test.ts",
    "tests/integration/servers/fake_gcs_test.ts",
    "tests/storage/object_store/gcs/wire_faults_test.ts",
    "tests/storage/object_store/s3/faults_test.ts",
  ],
});

/** Python with NumPy 2.4.6 and zarr-python 3.1.6, which read and write what Fusewire's codecs do. */
export const numpyZarr: Server = pythonServer({
  name: "numpy-zarr",
  version: "2.4.6-3.1.6",
  requirements: "numpy_zarr.txt",
  startedBy: "python.ts",
  suites: [
    "tests/integration/servers/python_test.ts",
    "tests/storage/codec/zarr/python_test.ts",
    "tests/storage/artifacts/python_test.ts",
    "tests/examples/for_numpy_test.ts",
  ],
});

/** Every server that tests need, what installs fast first. */
export const servers: readonly Server[] = [
  numpyZarr,
  gcpEmulator,
  moto,
  toxiproxy,
  versitygw,
  fakeGcs,
  denokv,
];
