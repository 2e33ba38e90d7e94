/**
 * A `fake-gcs-server`: the Google Cloud Storage API with right preconditions of uploads, hashes and pages, for tests.
 *
 * It is wrong where an upload is resumed: it takes a question for its state (`bytes *\/N`) for the end of it, and takes gaps.
 * {@linkcode startGcpEmulator} is right there. It never checks who asks, and ignores preconditions of deletions.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { fakeGcs } from "../../../scripts/servers/table.ts";
import { type GcsServer, withBuckets } from "./gcs_server.ts";
import { ServerProcess } from "./server_process.ts";

/** For `ignore` of tests: there is no `fake-gcs-server` here and no way to build one. `deno task test` lists their files as not run. */
export const withoutFakeGcs: boolean = await reasonNotToRun(fakeGcs) !== undefined;

/**
 * Starts a server on a free port of 127.0.0.1. Its objects are in its memory: they do not survive a restart.
 *
 * @example
 * ```ts ignore
 * await using server = await startFakeGcs();
 * await server.createBucket("results");
 * ```
 */
export async function startFakeGcs(): Promise<GcsServer> {
  const server = await ServerProcess.start(fakeGcs, {
    args: (port) => [
      ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(port), "-backend", "memory"],
      ...["-public-host", `127.0.0.1:${port}`, "-external-url", `http://127.0.0.1:${port}`],
    ],
    ready: /server started at/,
  });
  return withBuckets(server);
}
