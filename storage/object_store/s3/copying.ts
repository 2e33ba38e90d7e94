/**
 * Copies objects within the bucket, without their bytes coming here.
 *
 * @module
 */
import { ConflictError } from "../../../src/errors.ts";
import { inParallel } from "../../in_parallel.ts";
import type { S3Client } from "./client.ts";
import { encoded } from "./address.ts";
import { refuseFolder } from "./folders.ts";
import { headersOfCopy } from "./metadata.ts";
import { MultipartUpload, type SentPart } from "./multipart.ts";
import { partSizes } from "./part_sizes.ts";
import { missingObject } from "./reading.ts";

/** The largest object that one request copies, in bytes. */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** How large objects are copied. */
export interface CopyLimits {
  /** Above this size, in bytes, an object is copied in parts of it. */
  readonly copyBytes: number;
  /** How many parts are under way at once. */
  readonly concurrency: number;
}

/**
 * Copies an object with its content type and metadata, at once or not at all.
 *
 * @param headers The headers of what is copied.
 */
export async function copyObject(
  client: S3Client,
  from: string,
  to: string,
  headers: Headers,
  limits: CopyLimits,
): Promise<void> {
  const doing = `copy the object ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
  const size = Number(headers.get("content-length"));
  if (size > limits.copyBytes) return await copyParts(client, from, to, size, headers, limits);
  await client.sendForXml<void>(
    {
      doing,
      method: "PUT",
      name: client.place.nameOf(to),
      headers: { "x-amz-copy-source": sourceOf(client, from), "x-amz-metadata-directive": "COPY" },
    },
    () => {},
    (refusal) => {
      if (refusal.code === "NoSuchKey") throw missingObject(client, from);
      return refuseFolder(client, to, refusal);
    },
  );
}

async function copyParts(
  client: S3Client,
  from: string,
  to: string,
  size: number,
  headers: Headers,
  { copyBytes, concurrency }: CopyLimits,
): Promise<void> {
  const put = client.clock.newId();
  const target = {
    key: to,
    name: client.place.nameOf(to),
    doing: `copy the object ${JSON.stringify(from)} to ${JSON.stringify(to)}`,
    put,
    headers: headersOfCopy(headers, put),
    onlyIfAbsent: false,
  };
  const etag = headers.get("etag") ?? "";
  const partBytes = partSizes(copyBytes, size)(0);
  const starts = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index * partBytes);
  const upload = await MultipartUpload.begin(client, target, "copied");
  try {
    const sent: SentPart[] = [];
    await inParallel(starts.entries(), concurrency, async ([index, start]) => {
      const end = Math.min(size, start + partBytes);
      sent.push(await upload.copyPart(index + 1, sourceOf(client, from), etag, start, end));
    });
    await upload.complete(sent);
  } catch (error) {
    await Promise.allSettled([upload.abort()]);
    if (error instanceof ConflictError) throw changed(client, from, error);
    throw error;
  }
}

function sourceOf({ place }: S3Client, key: string): string {
  return `/${place.bucket}/${encoded(place.nameOf(key)).replaceAll("%2F", "/")}`;
}

function changed({ place }: S3Client, key: string, cause: unknown): ConflictError {
  return new ConflictError(
    `The object ${JSON.stringify(key)} ${place.place} was changed while it was copied. Copy it again.`,
    { cause },
  );
}
