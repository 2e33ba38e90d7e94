/**
 * One upload in parts: begun, sent, completed or aborted.
 *
 * @module
 */
import { ConflictError } from "../../../src/errors.ts";
import { crc32, sha256Hex } from "../../digest.ts";
import { AgainError } from "../http/transport.ts";
import type { S3Body, S3Client } from "./client.ts";
import { refuseFolder } from "./folders.ts";
import { putOf } from "./metadata.ts";
import type { Refusal } from "./refusal.ts";
import { escaped, textOfChild } from "./xml.ts";

/** A part that the server has. */
export interface SentPart {
  /** Its number, from 1. */
  readonly number: number;
  /** The server's name for its bytes. */
  readonly etag: string;
  /** Its CRC-32 in Base64; absent if it was copied. */
  readonly crc32?: string;
}

/** Where the parts of an upload come from, and what guards them beside a CRC-32 of those that are sent. */
export type PartKind = "signed" | "unsigned" | "copied";

/** What is uploaded. */
export interface UploadTarget {
  /** Key of the object. */
  readonly key: string;
  /** Whole name of the object. */
  readonly name: string;
  /** What is tried, for messages, such as `write the object "a"`. */
  readonly doing: string;
  /** Name of the put, which is among the headers too. */
  readonly put: string;
  /** Headers of the object. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether an object that is there stays. */
  readonly onlyIfAbsent: boolean;
}

/** What became of an upload: `"present"` if there is an object that has to stay. */
export type Completion = "stored" | "present";

/** How often an upload is aborted again while it is still there. */
const ABORTS = 5;

/** An upload that was begun. Exactly one of `complete` and `abort` ends it. */
export class MultipartUpload {
  readonly #client: S3Client;
  readonly #target: UploadTarget;
  readonly #id: string;
  readonly #kind: PartKind;

  private constructor(client: S3Client, target: UploadTarget, id: string, kind: PartKind) {
    this.#client = client;
    this.#target = target;
    this.#id = id;
    this.#kind = kind;
  }

  /**
   * Begins an upload. If the server's answer is lost, one without a part may be left behind.
   */
  static async begin(client: S3Client, target: UploadTarget, kind: PartKind): Promise<MultipartUpload> {
    const { name, doing, headers } = target;
    const id = await client.sendForXml(
      {
        doing,
        method: "POST",
        name,
        query: { uploads: "" },
        headers: kind === "copied" ? headers : { ...headers, "x-amz-checksum-algorithm": "CRC32" },
      },
      (root) => textOfChild(root, "UploadId") || missing("UploadId"),
      (refusal) => refuseFolder(client, target.key, refusal),
    );
    return new MultipartUpload(client, target, id, kind);
  }

  /** Sends a part, guarded by its CRC-32: some servers keep what arrived of a cut part if it has no checksum. */
  async sendPart(number: number, bytes: Uint8Array<ArrayBuffer>): Promise<SentPart> {
    const checksum = base64Crc32(bytes);
    const body: S3Body = { bytes, sha256: this.#kind === "signed" ? sha256Hex(bytes) : "UNSIGNED-PAYLOAD" };
    return await this.#client.send({
      ...this.#part(number),
      headers: { "x-amz-checksum-crc32": checksum },
      body,
    }, async (response) => {
      await response.arrayBuffer();
      return { number, etag: response.headers.get("etag") || missing("ETag"), crc32: checksum };
    }, (refusal) => this.#refuse(refusal));
  }

  /** Has the server take bytes of an object, from `start` to `end`, as a part. */
  async copyPart(number: number, source: string, etag: string, start: number, end: number): Promise<SentPart> {
    return await this.#client.sendForXml(
      {
        ...this.#part(number),
        headers: {
          "x-amz-copy-source": source,
          "x-amz-copy-source-if-match": etag,
          "x-amz-copy-source-range": `bytes=${start}-${end - 1}`,
        },
      },
      (root) => ({ number, etag: textOfChild(root, "ETag") || missing("ETag") }),
      (refusal) => this.#refuse(refusal),
    );
  }

  /** Makes one object of the parts. If the server's answer is lost, the object itself tells whether it was made. */
  async complete(parts: readonly SentPart[]): Promise<Completion> {
    const { name, doing, onlyIfAbsent } = this.#target;
    const bytes = new TextEncoder().encode(completionOf(parts));
    const outcome = await this.#client.sendForXml<Completion | "gone">(
      {
        doing,
        method: "POST",
        name,
        query: { uploadId: this.#id },
        headers: { "content-type": "application/xml", ...(onlyIfAbsent ? { "if-none-match": "*" } : {}) },
        body: { bytes, sha256: sha256Hex(bytes) },
      },
      () => "stored",
      (refusal) => {
        if (refusal.code === "NoSuchUpload") return { value: "gone" };
        return refusal.status === 412 ? { value: "present" } : refuseFolder(this.#client, this.#target.key, refusal);
      },
    );
    if (outcome === "stored") return outcome;
    const there = await this.#client.headersOf(name, doing);
    if (there !== undefined && putOf(there) === this.#target.put) return "stored";
    if (outcome === "present") return outcome;
    throw new ConflictError(
      `The store ${this.#client.place.place} could not ${doing}: its upload is gone, and the object there is another one, ` +
        "which was put meanwhile. Put it again if it should be this one.",
    );
  }

  /** Ends the upload, so that no part of it is left. A part that was under way may come in late: then it is ended again. */
  async abort(): Promise<void> {
    const doing = `remove the parts of the upload to ${JSON.stringify(this.#target.name)}`;
    const request = { doing, name: this.#target.name, query: { uploadId: this.#id } };
    for (let aborts = 0; aborts < ABORTS; aborts++) {
      await this.#client.send<void>(
        { ...request, method: "DELETE" },
        async (response) => void await response.arrayBuffer(),
        ({ status }) => status === 404 ? { value: undefined } : undefined,
      );
      const isLeft = await this.#client.send(
        { ...request, method: "GET" },
        async (response) => {
          await response.arrayBuffer();
          return true;
        },
        // Not everybody who may upload may look.
        ({ status }) => status === 404 || status === 403 ? { value: false } : undefined,
      );
      if (!isLeft) return;
    }
  }

  #refuse({ code }: Refusal): undefined {
    if (code !== "NoSuchUpload") return;
    throw new ConflictError(
      `The store ${this.#client.place.place} could not ${this.#target.doing}: its upload was ended by another program, or by a rule of the ` +
        "bucket. Put it again.",
    );
  }

  #part(number: number) {
    const { name, doing } = this.#target;
    return { doing, method: "PUT", name, query: { partNumber: String(number), uploadId: this.#id } } as const;
  }
}

/** The CRC-32 of bytes, as a header has it. */
export function base64Crc32(bytes: Uint8Array): string {
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32(bytes));
  return sum.toBase64();
}

function completionOf(parts: readonly SentPart[]): string {
  const elements = parts.toSorted((a, b) => a.number - b.number).map(({ number, etag, crc32 }) => {
    const checksum = crc32 === undefined ? "" : `<ChecksumCRC32>${escaped(crc32)}</ChecksumCRC32>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag>${checksum}</Part>`;
  });
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
    elements.join("")
  }</CompleteMultipartUpload>`;
}

function missing(what: string): never {
  throw new AgainError(`its answer has no ${what}`);
}
