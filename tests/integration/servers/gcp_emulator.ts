/**
 * A `gcp-storage-emulator`: the Google Cloud Storage API with right answers where an upload is resumed, for tests.
 *
 * It never checks who asks, ignores preconditions, and lists all in one page: {@linkcode startFakeGcs} is right there. It answers one
 * request after another, so that one that stalls holds up all others.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { gcpEmulator } from "../../../scripts/servers/table.ts";
import { type GcsServer, withBuckets } from "./gcs_server.ts";
import { ServerProcess } from "./server_process.ts";

/**
 * For `ignore` of tests: there is no `gcp-storage-emulator` here and no way to install it. `deno task test` lists their files as not
 * run.
 */
export const withoutGcpEmulator: boolean = await reasonNotToRun(gcpEmulator) !== undefined;

/**
 * Starts a server on a free port of 127.0.0.1.
 *
 * @example
 * ```ts ignore
 * await using server = await startGcpEmulator();
 * await server.createBucket("results");
 * ```
 */
export async function startGcpEmulator(): Promise<GcsServer> {
  const server = await ServerProcess.start(gcpEmulator, {
    args: (port, folder) => [
      ...["-I", "-u", "-m", "gcp_storage_emulator", "-d", `${folder}/data`],
      ...["start", "--host", "127.0.0.1", "--port", String(port)],
    ],
    ready: /All services started/,
  });
  return withBuckets(server);
}
