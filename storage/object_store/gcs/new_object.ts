/**
 * An object that is about to be put.
 *
 * @module
 */
import { ConflictError, IntegrityError } from "../../../src/errors.ts";
import { newSha256 } from "../../digest.ts";
import type { PutOptions } from "../object_store.ts";
import type { GcsClient } from "./client.ts";
import { crc32c, crc32cText } from "./crc32c.ts";
import { FIELDS, NONCE, type ObjectResource, resourceOf, SHA256, TYPED, UNTYPED } from "./object_resource.ts";

/** What is known of bytes when all of them were seen. */
export interface Sums {
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
  /** CRC-32C as the service writes it. */
  readonly crc32c: string;
}

/** Sums up bytes in pieces. */
export class Summing {
  readonly #sha256 = newSha256();
  #crc = 0;
  #size = 0;

  /** Takes the next bytes. */
  add(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#crc = crc32c(bytes, this.#crc);
    this.#size += bytes.length;
  }

  /** What is known of all of them. Takes no more after that. */
  sums(): Sums {
    return { size: this.#size, sha256: this.#sha256.digest("hex"), crc32c: crc32cText(this.#crc) };
  }
}

/** What is put, but for its bytes. */
export class NewObject {
  /** Its key. */
  readonly key: string;
  /** Its whole name. */
  readonly name: string;
  /** What is tried, for messages. */
  readonly doing: string;
  /** Its media type. */
  readonly contentType: string;
  /** What the query says of what may be replaced. */
  readonly condition: { readonly ifGenerationMatch?: number };
  readonly #client: GcsClient;
  readonly #nonce: string;
  readonly #metadata: Readonly<Record<string, string>>;

  /** Takes what is to be put as it is now. */
  constructor(client: GcsClient, key: string, { contentType, metadata, onlyIfAbsent }: PutOptions) {
    this.key = key;
    this.name = client.urls.name(key);
    this.doing = `put the object ${JSON.stringify(key)}`;
    this.contentType = contentType ?? UNTYPED;
    this.condition = onlyIfAbsent ? { ifGenerationMatch: 0 } : {};
    this.#client = client;
    this.#nonce = client.settings.clock.newId();
    this.#metadata = { ...metadata, ...(contentType === UNTYPED ? { [TYPED]: contentType } : {}) };
  }

  /** What the service is told about it; `sums` as far as they are known before, and then it compares them. */
  resource(sums?: Sums): Readonly<Record<string, unknown>> {
    const crc = sums === undefined ? {} : { crc32c: sums.crc32c };
    return { name: this.name, contentType: this.contentType, ...crc, metadata: this.metadata(sums) };
  }

  /** All of its metadata. */
  metadata(sums?: Sums): Readonly<Record<string, string>> {
    const sha256 = sums === undefined ? {} : { [SHA256]: sums.sha256 };
    return { ...this.#metadata, [NONCE]: this.#nonce, ...sha256 };
  }

  /** The object that this upload has made, if it is there: the reply may have been lost. */
  async stored(): Promise<ObjectResource | undefined> {
    return await this.#client.send({
      doing: this.doing,
      url: this.#client.urls.object(this.key, { fields: FIELDS }),
      take: async (response) => {
        if (response.status === 404) {
          await this.#client.errorOf(response);
          return undefined;
        }
        if (!response.ok) throw await this.#client.refusal(this.doing, response);
        const found = resourceOf(await this.#client.jsonOf(response), this.name);
        return found.metadata[NONCE] === this.#nonce ? found : undefined;
      },
    });
  }

  /** Whether what was stored is what was sent. */
  isWhole(stored: ObjectResource, sums: Sums): boolean {
    return stored.size === sums.size && (stored.crc32c === undefined || stored.crc32c === sums.crc32c);
  }

  /** Removes exactly what was stored, and nothing that has replaced it. */
  async remove({ generation }: ObjectResource): Promise<void> {
    await this.#client.send({
      doing: `remove what was stored of the object ${JSON.stringify(this.key)}`,
      method: "DELETE",
      url: this.#client.urls.object(this.key, { generation, ifGenerationMatch: generation }),
      take: async (response) => {
        const answer = await this.#client.errorOf(response);
        if (response.ok || answer.status === 404 || answer.status === 412) return;
        throw this.#client.refusalOf(this.doing, answer);
      },
    });
  }

  /** The error if there is an object, and none may be. */
  conflict(): ConflictError {
    const { place } = this.#client.settings;
    return new ConflictError(`There is an object ${JSON.stringify(this.key)} already, ${place}.`);
  }

  /** The error if the service has stored something else than it was sent. */
  damaged(detail: string): IntegrityError {
    const { place } = this.#client.settings;
    return new IntegrityError(
      `The object ${
        JSON.stringify(this.key)
      } was damaged on its way to the store ${place}: ${detail}. It was not kept; put it again.`,
    );
  }
}

/** Whether an answer says that bytes do not have the checksum that was told. */
export function saysDamaged(status: number, message: string): boolean {
  return status === 400 && /\b(?:crc32c|md5|hash|checksum)\b/i.test(message);
}
