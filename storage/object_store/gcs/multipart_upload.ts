/**
 * The upload of an object in one request: what it is, and its bytes.
 *
 * @module
 */
import { AgainError } from "../http/transport.ts";
import type { GcsClient } from "./client.ts";
import { type NewObject, saysDamaged, type Sums } from "./new_object.ts";
import { FIELDS, resourceOf } from "./object_resource.ts";

const utf8 = new TextEncoder();

/**
 * Stores an object. The service compares the bytes with their checksum before it does.
 *
 * @throws {ConflictError} If there is one, and none may be.
 * @throws {IntegrityError} If the service says each time that the bytes are others.
 */
export async function uploadAtOnce(
  client: GcsClient,
  object: NewObject,
  bytes: Uint8Array,
  sums: Sums,
): Promise<void> {
  const boundary = `fusewire-${client.settings.clock.newId()}`;
  const { maxAttempts } = client.settings;
  await client.send({
    doing: object.doing,
    method: "POST",
    url: client.urls.upload({ uploadType: "multipart", ...object.condition, fields: FIELDS }),
    headers: { "content-type": `multipart/related; boundary="${boundary}"` },
    body: bodyOf(boundary, object.resource(sums), object.contentType, bytes),
    take: async (response, attempt) => {
      if (response.ok) {
        const stored = resourceOf(await client.jsonOf(response), object.name);
        if (object.isWhole(stored, sums)) return;
        await object.remove(stored);
        throw attempt < maxAttempts
          ? new AgainError("what was stored is not what was sent")
          : object.damaged("what was stored was not what was sent");
      }
      const answer = await client.errorOf(response);
      if (answer.status === 412) {
        // It may be our own, of an attempt whose reply was lost.
        if (await object.stored() !== undefined) return;
        throw object.conflict();
      }
      if (answer.status === 404) throw client.missingBucket();
      if (!saysDamaged(answer.status, answer.message)) throw client.refusalOf(object.doing, answer);
      throw attempt < maxAttempts ? new AgainError(answer.message) : object.damaged(answer.message);
    },
  });
}

function bodyOf(
  boundary: string,
  resource: Readonly<Record<string, unknown>>,
  contentType: string,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const before = utf8.encode(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}\r\n` +
      `--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`,
  );
  const after = utf8.encode(`\r\n--${boundary}--\r\n`);
  const body = new Uint8Array(before.length + bytes.length + after.length);
  body.set(before);
  body.set(bytes, before.length);
  body.set(after, before.length + bytes.length);
  return body;
}
