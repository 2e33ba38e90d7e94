/**
 * Requests that others make with the credentials of a store.
 *
 * @module
 */
import { PermissionError } from "../../../src/errors.ts";
import { checkedRequest } from "../bucket.ts";
import { sha256Hex } from "../../digest.ts";
import type { S3Client } from "./client.ts";

/** Headers that a signature is made of. */
const SIGNED: ReadonlySet<string> = new Set([
  "authorization",
  "host",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
]);

/** Signs a request for an object and sends it once. */
export async function sendForOthers(client: S3Client, name: string, init: RequestInit): Promise<Response> {
  const { headers } = checkedRequest(name, init, SIGNED);
  const bytes = init.body === null || init.body === undefined ? undefined : await new Response(init.body).bytes();
  const body = bytes && { bytes, sha256: sha256Hex(bytes) };
  const method = init.method ?? "GET";
  try {
    return await client.sendOnce({ method, name, headers, body }, init.signal ?? null);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new PermissionError(
      `The store ${client.place.place} could not send a request of your own: ${error.message.replace(/\.$/, "")}.`,
      { cause: error },
    );
  }
}
