/**
 * Requests that others make with the token of a store.
 *
 * @module
 */
import { ConfigError, InvalidKeyError } from "../../../src/errors.ts";
import type { GcsClient } from "./client.ts";

/** Headers that the store sets. */
const OWN: ReadonlySet<string> = new Set(["authorization", "host"]);

/** Sends a request for an object once, to the XML API: there an object's address stands for its bytes, as it does on S3. */
export async function sendForOthers(client: GcsClient, name: string, init: RequestInit): Promise<Response> {
  const segments = name.split("/");
  // An address has no way to say them: it would be that of another object.
  if (name === "" || !name.isWellFormed() || segments.includes(".") || segments.includes("..")) {
    throw new InvalidKeyError(
      `The name ${
        JSON.stringify(name)
      } of an object is refused: it is empty, or has a segment "." or "..", or no UTF-8 form.`,
    );
  }
  const headers = new Headers(init.headers);
  for (const header of headers.keys()) {
    if (OWN.has(header)) throw new ConfigError(`The header "${header}" can not be given: the store sets it.`);
  }
  const { endpoint, bucket } = client.settings;
  const body = init.body === null || init.body === undefined ? null : await new Response(init.body).bytes();
  const url = `${endpoint}/${bucket}/${segments.map(encodeURIComponent).join("/")}`;
  return await client.fetch(new Request(url, { ...init, headers, body, redirect: "manual" }));
}
