/**
 * Requests that others make with the token of a store.
 *
 * @module
 */
import { checkedRequest } from "../bucket.ts";
import type { GcsClient } from "./client.ts";

/** Headers that the store sets. */
const OWN: ReadonlySet<string> = new Set(["authorization", "host"]);

/** Sends a request for an object once, to the XML API: there an object's address stands for its bytes, as it does on S3. */
export async function sendForOthers(client: GcsClient, name: string, init: RequestInit): Promise<Response> {
  const { segments, headers } = checkedRequest(name, init, OWN);
  const { endpoint, bucket } = client.settings;
  const body = init.body === null || init.body === undefined ? null : await new Response(init.body).bytes();
  const url = `${endpoint}/${bucket}/${segments.map(encodeURIComponent).join("/")}`;
  return await client.fetch(new Request(url, { ...init, headers, body, redirect: "manual" }));
}
