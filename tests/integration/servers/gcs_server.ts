/**
 * What servers of the Google Cloud Storage API have in common.
 *
 * @module
 */
import type { ServerProcess } from "./server_process.ts";

/** A running server of the Google Cloud Storage API, with data of its own. It takes every request, with whatever token. */
export interface GcsServer extends ServerProcess {
  /** Makes an empty bucket. */
  readonly createBucket: (name: string) => Promise<void>;
}

/** Gives a server what makes buckets. */
export function withBuckets(server: ServerProcess): GcsServer {
  return Object.assign(server, {
    createBucket: async (name: string) => {
      const answer = await fetch(`${server.url}/storage/v1/b?project=tests`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`The server answered ${answer.status} when bucket \`${name}\` was made: ${text}`);
    },
  });
}
