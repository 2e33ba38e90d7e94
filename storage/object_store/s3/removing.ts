/**
 * Removes objects: one, or up to 1,000 by one request.
 *
 * @module
 */
import type { XmlElement } from "@rgrove/parse-xml";
import { sha256Hex } from "../../digest.ts";
import { checkKey } from "../../keys.ts";
import { inParallel } from "../../in_parallel.ts";
import { AgainError } from "../http/transport.ts";
import type { S3Client } from "./client.ts";
import { failureOf, saidBy } from "./failures.ts";
import { isTemporary, refusalOf } from "./refusal.ts";
import { childrenOf, escaped, isForXml, textOfChild } from "./xml.ts";

/** The most that one request removes. */
const BATCH = 1000;
/** How many requests are under way at once. */
const PARALLEL = 3;

/** Removes an object; silent if there is none. */
export async function removeObject(client: S3Client, key: string): Promise<void> {
  await client.send<void>(
    { doing: `remove the object ${JSON.stringify(key)}`, method: "DELETE", name: client.place.nameOf(key) },
    async (response) => void await response.arrayBuffer(),
    ({ status, code }) => status === 404 && (code === "NoSuchKey" || code === "") ? { value: undefined } : undefined,
  );
}

/** Removes objects as their keys come. */
export async function removeObjects(
  client: S3Client,
  keys: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  await inParallel(batches(keys), PARALLEL, async (batch) => {
    // What XML has no way to say goes by the address of a request of its own.
    const [plain, others] = [batch.filter(isForXml), batch.filter((key) => !isForXml(key))];
    if (plain.length > 0) await removeBatch(client, plain);
    await inParallel(others, PARALLEL, (key) => removeObject(client, key));
  });
}

async function removeBatch(client: S3Client, keys: readonly string[]): Promise<void> {
  const objects = keys.map((key) => `<Object><Key>${escaped(client.place.nameOf(key))}</Key></Object>`);
  const bytes = new TextEncoder().encode(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects.join("")}</Delete>`,
  );
  const doing = keys.length === 1 ? `remove the object ${JSON.stringify(keys[0])}` : `remove ${keys.length} objects`;
  const headers = { "content-md5": await base64Md5(bytes), "content-type": "application/xml" };
  const body = { bytes, sha256: sha256Hex(bytes) };
  await client.sendForXml({ doing, method: "POST", query: { delete: "" }, headers, body }, (root, response) => {
    if (root.name !== "DeleteResult") throw new AgainError(`it answered with <${root.name}> in place of a result`);
    for (const error of childrenOf(root, "Error")) raise(client, doing, error, response);
  });
}

/** Throws the error of one object. */
function raise(client: S3Client, doing: string, element: XmlElement, response: Response): void {
  // One object of many is refused: the state of the answer says nothing about it.
  const refusal = { ...refusalOf(response, element, []), status: 400 };
  const { code } = refusal;
  if (code === "NoSuchKey") return;
  if (isTemporary(refusal)) throw new AgainError(saidBy(refusal));
  const name = textOfChild(element, "Key") ?? "";
  const { place, bucket, prefix } = client.place;
  const key = JSON.stringify(name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const of = doing.endsWith(key) ? doing : `${doing}, of them ${key}`;
  throw failureOf(refusal, { place, bucket, region: client.address.region, doing: of, now: client.clock.now() });
}

async function* batches(keys: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[], void> {
  let batch: string[] = [];
  for await (const key of keys) {
    checkKey(key);
    if (batch.push(key) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function base64Md5(bytes: Uint8Array): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("md5").update(bytes).digest("base64");
}
