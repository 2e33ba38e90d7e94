/**
 * Puts objects: what fits into one part by one request, everything else in parts.
 *
 * @module
 */
import { ConflictError } from "../../../src/errors.ts";
import { newSha256 } from "../../digest.ts";
import { piecesOf } from "../body.ts";
import { inParallel } from "../../in_parallel.ts";
import { type BodyPart, partsOf } from "../http/parts.ts";
import type { ObjectBody, PutOptions, PutResult } from "../object_store.ts";
import type { S3Client } from "./client.ts";
import { refuseFolder } from "./folders.ts";
import { headersOfPut, putOf } from "./metadata.ts";
import { type Completion, MultipartUpload, type SentPart, type UploadTarget } from "./multipart.ts";
import { lengthOf, partSizes } from "./part_sizes.ts";

/** How uploads are divided. */
export interface PutLimits {
  /** Size of a part in bytes. */
  readonly partBytes: number;
  /** How many parts are under way at once. */
  readonly concurrency: number;
  /** Whether parts are signed with their SHA-256. */
  readonly signParts: boolean;
}

/** Stores an object at once or not at all. */
export async function putObject(
  client: S3Client,
  key: string,
  body: ObjectBody,
  options: PutOptions,
  limits: PutLimits,
): Promise<PutResult> {
  const length = lengthOf(body);
  const parts = partsOf(body, partSizes(limits.partBytes, length));
  try {
    const first = await parts.next();
    if (first.done) throw new Error("A body has at least one part.");
    const { isLast, bytes } = first.value;
    const sha256 = isLast ? await sha256Of(bytes) : length === undefined ? undefined : await sha256Of(body);
    const put = client.clock.newId();
    const target: UploadTarget = {
      key,
      name: client.place.nameOf(key),
      doing: `write the object ${JSON.stringify(key)}`,
      put,
      headers: headersOfPut(key, options, { put, sha256 }),
      onlyIfAbsent: options.onlyIfAbsent ?? false,
    };
    const stored = isLast
      ? await putWhole(client, target, bytes, sha256 ?? "")
      : await putParts(client, target, first.value, parts, sha256, limits);
    if (stored.completion === "stored") return { size: stored.size, sha256: stored.sha256 };
  } finally {
    // A stream that was not read to its end is let go.
    await parts.return();
  }
  throw new ConflictError(`There is an object ${JSON.stringify(key)} ${client.place.place} already.`);
}

/** What was stored, if it was. */
interface Stored extends PutResult {
  readonly completion: Completion;
}

async function putWhole(
  client: S3Client,
  { key, name, doing, put, headers, onlyIfAbsent }: UploadTarget,
  bytes: Uint8Array<ArrayBuffer>,
  sha256: string,
): Promise<Stored> {
  const completion = await client.send<Completion>(
    {
      doing,
      method: "PUT",
      name,
      headers: onlyIfAbsent ? { ...headers, "if-none-match": "*" } : headers,
      body: { bytes, sha256 },
    },
    async (response): Promise<Completion> => {
      await response.arrayBuffer();
      return "stored";
    },
    (refusal) => refusal.status === 412 ? { value: "present" } : refuseFolder(client, key, refusal),
  );
  const size = bytes.length;
  if (completion === "stored") return { completion, size, sha256 };
  // It may be there because the answer to an earlier attempt was lost.
  const there = await client.headersOf(name, doing);
  return { completion: there !== undefined && putOf(there) === put ? "stored" : "present", size, sha256 };
}

async function putParts(
  client: S3Client,
  target: UploadTarget,
  first: BodyPart,
  others: AsyncGenerator<BodyPart, void>,
  known: string | undefined,
  { concurrency, signParts }: PutLimits,
): Promise<Stored> {
  const hash = known === undefined ? newSha256() : undefined;
  let size = 0;
  async function* all(): AsyncGenerator<BodyPart, void> {
    let part: BodyPart | undefined = first;
    for (; part !== undefined; part = (await others.next()).value ?? undefined) {
      hash?.update(part.bytes);
      size += part.bytes.length;
      yield part;
    }
  }
  const upload = await MultipartUpload.begin(client, target, signParts ? "signed" : "unsigned");
  try {
    const sent: SentPart[] = [];
    await inParallel(all(), concurrency, async (part) => {
      sent.push(await upload.sendPart(part.index + 1, part.bytes));
      part.release();
    });
    const completion = await upload.complete(sent);
    if (completion === "present") await upload.abort();
    return { completion, size, sha256: known ?? hash?.digest("hex") ?? "" };
  } catch (error) {
    // Why the object could not be put says more than why its parts could not be removed.
    await Promise.allSettled([upload.abort()]);
    throw error;
  }
}

/** How much is hashed before others get a turn, in bytes: 15 ms. */
const TURN_BYTES = 16 * 1024 * 1024;

async function sha256Of(body: ObjectBody): Promise<string> {
  const hash = newSha256();
  if (body instanceof Uint8Array && body.length <= TURN_BYTES) return hash.update(body).digest("hex");
  let turn = 0;
  for await (const piece of piecesOf(body)) {
    hash.update(piece);
    turn += piece.length;
    if (turn < TURN_BYTES) continue;
    turn = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return hash.digest("hex");
}
