/**
 * A `denokv` server for tests of remote Deno KV.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { denokv } from "../../../scripts/servers/table.ts";
import { ServerProcess } from "./server_process.ts";

/** A running `denokv`, with data of its own. */
export interface Denokv extends ServerProcess {
  /** What `Deno.openKv` must find in `DENO_KV_ACCESS_TOKEN`. */
  readonly token: string;
  /** Opens it, with the token set in the environment of this process. */
  readonly open: () => Promise<Deno.Kv>;
}

/** How a `denokv` is started. */
export interface DenokvOptions {
  /**
   * Arguments of `denokv serve` beside the address, such as `["--atomic-write-batch-timeout-ms", "1", "--num-workers", "2"]`.
   *
   * @default {[]}
   */
  flags?: readonly string[];
}

/** One token for all: the environment belongs to the process, so test files that run at the same time share it. */
const TOKEN = "token-of-tests-only";

/** For `ignore` of tests: there is no `denokv` here and no way to build one. `deno task test` lists their files as not run. */
export const withoutDenokv: boolean = await reasonNotToRun(denokv) !== undefined;

/**
 * Starts a server on a free port of 127.0.0.1.
 *
 * @example
 * ```ts ignore
 * await using server = await startDenokv();
 * using kv = await server.open();
 * ```
 */
export async function startDenokv({ flags = [] }: DenokvOptions = {}): Promise<Denokv> {
  const server = await ServerProcess.start(denokv, {
    args: (port, folder) => ["--sqlite-path", `${folder}/kv.sqlite3`, "serve", "--addr", `127.0.0.1:${port}`, ...flags],
    env: { DENO_KV_ACCESS_TOKEN: TOKEN, RUST_LOG: "info" },
    ready: /Listening on /,
  });
  return Object.assign(server, {
    token: TOKEN,
    open: () => {
      Deno.env.set("DENO_KV_ACCESS_TOKEN", TOKEN);
      return Deno.openKv(server.url);
    },
  });
}
