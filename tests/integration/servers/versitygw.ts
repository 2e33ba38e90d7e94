/**
 * A `versitygw` server: S3 with strict signatures, checksums and conditions, for tests.
 *
 * It keeps objects as files. So it can not hold `a` beside `a/b`, refuses `a//b` and bytes in `dir/`, control characters and long
 * segments of keys; {@linkcode startMoto} holds them. It takes a truncated upload for whole if no checksum was sent.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { programOf } from "../../../scripts/servers/server.ts";
import { versitygw } from "../../../scripts/servers/table.ts";
import { ServerProcess } from "./server_process.ts";

/** What a request to an S3 server is signed with. */
export interface S3Credentials {
  /** Who signs. */
  readonly accessKeyId: string;
  /** What is known to the server and the one who signs, and never sent. */
  readonly secretAccessKey: string;
}

/** A running S3 server, with data of its own. */
export interface S3Server extends ServerProcess {
  /** The region that requests are signed for. */
  readonly region: string;
  /** Credentials that may do everything. */
  readonly credentials: S3Credentials;
  /** Makes an empty bucket. */
  readonly createBucket: (name: string) => Promise<void>;
}

/** A running `versitygw`. */
export interface Versitygw extends S3Server {
  /** Makes a user who is known to the server and may not touch any bucket: what they ask for is answered with 403. */
  readonly createStranger: () => Promise<S3Credentials>;
}

/** For `ignore` of tests: there is no `versitygw` here and no way to build one. `deno task test` lists their files as not run. */
export const withoutVersitygw: boolean = await reasonNotToRun(versitygw) !== undefined;

const REGION = "us-east-1";
const ROOT: S3Credentials = { accessKeyId: "root-of-tests", secretAccessKey: "secret-of-tests-only" };

/**
 * Starts a server on a free port of 127.0.0.1. Its objects survive a restart and a kill.
 *
 * @example
 * ```ts ignore
 * await using server = await startVersitygw();
 * await server.createBucket("results");
 * ```
 */
export async function startVersitygw(): Promise<Versitygw> {
  const server = await ServerProcess.start(versitygw, {
    args: (port, folder) => [
      ...["--port", `127.0.0.1:${port}`, "--region", REGION, "--health", "/healthz", "--keep-alive"],
      ...["--iam-dir", `${folder}/iam`, "posix", `${folder}/data`],
    ],
    env: { ROOT_ACCESS_KEY_ID: ROOT.accessKeyId, ROOT_SECRET_ACCESS_KEY: ROOT.secretAccessKey },
    folders: ["iam", "data"],
    knock: "/healthz",
    ready: / 200 .* \/healthz /,
  });
  const admin = (...args: string[]) => runAdmin(server.url, args);
  let strangers = 0;
  return Object.assign(server, {
    region: REGION,
    credentials: ROOT,
    createBucket: (name: string) => admin("create-bucket", "--owner", ROOT.accessKeyId, "--bucket", name),
    createStranger: async () => {
      const { accessKeyId, secretAccessKey } = { ...ROOT, accessKeyId: `stranger-${++strangers}` };
      await admin("create-user", "--access", accessKeyId, "--secret", secretAccessKey, "--role", "user");
      return { accessKeyId, secretAccessKey };
    },
  });
}

async function runAdmin(url: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(programOf(versitygw), {
    args: ["admin", "--endpoint-url", url, "--region", REGION, ...args],
    env: { ADMIN_ACCESS_KEY_ID: ROOT.accessKeyId, ADMIN_SECRET_ACCESS_KEY: ROOT.secretAccessKey },
    stdin: "null",
  }).output();
  if (success) return;
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`versitygw could not \`${args.join(" ")}\`: ${printed.trim()}`);
}
