/**
 * A `moto` server: S3 that takes keys of every shape, for tests of keys.
 *
 * It refuses who does not sign, but checks neither signatures nor checksums: {@linkcode startVersitygw} does. It takes a body of the type
 * `application/x-www-form-urlencoded` for empty, and closes each connection after its answer.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { moto } from "../../../scripts/servers/table.ts";
import { ServerProcess } from "./server_process.ts";
import type { S3Server } from "./versitygw.ts";

/** For `ignore` of tests: there is no `moto` here and no way to install it. `deno task test` lists their files as not run. */
export const withoutMoto: boolean = await reasonNotToRun(moto) !== undefined;

/**
 * Starts a server on a free port of 127.0.0.1. Its objects are in its memory: they do not survive a restart.
 *
 * @example
 * ```ts ignore
 * await using server = await startMoto();
 * await server.createBucket("results");
 * ```
 */
export async function startMoto(): Promise<S3Server> {
  const server = await ServerProcess.start(moto, {
    args: (port) => ["-I", "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
    ready: /Running on http/,
  });
  return Object.assign(server, {
    region: "us-east-1",
    credentials: { accessKeyId: "key-of-tests", secretAccessKey: "secret-of-tests-only" },
    createBucket: async (name: string) => {
      const answer = await fetch(`${server.url}/${name}`, { method: "PUT" });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`moto answered ${answer.status} when bucket \`${name}\` was made: ${text}`);
    },
  });
}
