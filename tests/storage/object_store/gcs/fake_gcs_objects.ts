import { Buffer } from "node:buffer";
import { compareKeys } from "../../../../storage/keys.ts";
import { errorAnswer, jsonAnswer } from "./fake_gcs_answers.ts";

/** What the fake tells of an object. */
export interface FakeResource {
  readonly kind: "storage#object";
  readonly name: string;
  readonly generation: string;
  readonly size: string;
  readonly contentType: string;
  readonly crc32c: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an upload says of its object. */
export interface ToldResource {
  readonly name?: string;
  readonly contentType?: string;
  readonly crc32c?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An object with its bytes. */
export interface StoredObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly resource: FakeResource;
}

/** The objects of the fake. */
export class FakeObjects {
  readonly #objects = new Map<string, StoredObject>();
  /** Too large for a `number`, as those of some servers. */
  #generation = 1795716005511240000n;
  #rewrites = 0;
  readonly #pageSize: number;

  /** @param pageSize How many objects a page has at most, whatever is asked for. */
  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** One object. */
  get(name: string): StoredObject | undefined {
    return this.#objects.get(name);
  }

  /** All names. */
  get names(): string[] {
    return [...this.#objects.keys()].sort(compareKeys);
  }

  /** Removes an object. */
  delete(name: string): void {
    this.#objects.delete(name);
  }

  /** The answer to a request whose conditions do not hold. */
  refusal(name: string, query: URLSearchParams): Response | undefined {
    const generation = this.#objects.get(name)?.resource.generation ?? "0";
    const wanted = query.get("generation");
    if (wanted !== null && wanted !== generation) return errorAnswer(404, "notFound", `No such object: tests/${name}`);
    const condition = query.get("ifGenerationMatch");
    if (condition === null || condition === generation) return undefined;
    return errorAnswer(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
  }

  /** Stores an object, if its checksum is the one that was told. */
  store(name: string, bytes: Uint8Array<ArrayBuffer>, told: ToldResource): Response {
    const crc32c = slowCrc32c(bytes);
    if (told.crc32c !== undefined && told.crc32c !== crc32c) {
      const message = `Provided CRC32C "${told.crc32c}" doesn't match calculated CRC32C "${crc32c}".`;
      return errorAnswer(400, "invalid", message);
    }
    const resource: FakeResource = {
      kind: "storage#object",
      name,
      generation: String(++this.#generation),
      size: String(bytes.length),
      contentType: told.contentType ?? "application/octet-stream",
      crc32c,
      ...(told.metadata === undefined ? {} : { metadata: told.metadata }),
    };
    this.#objects.set(name, { bytes, resource });
    return jsonAnswer(resource);
  }

  /** Adds to the metadata of an object. */
  patch({ bytes, resource }: StoredObject, { metadata }: ToldResource): FakeResource {
    const patched = { ...resource, metadata: { ...resource.metadata, ...metadata } };
    this.#objects.set(resource.name, { bytes, resource: patched });
    return patched;
  }

  /** Copies an object, by the second request. */
  rewrite({ bytes, resource }: StoredObject, to: string, query: URLSearchParams): Response {
    const token = query.get("rewriteToken");
    if (token === null) {
      return jsonAnswer({ done: false, rewriteToken: `rewrite ${++this.#rewrites}/${resource.generation}` });
    }
    if (!token.endsWith(resource.generation)) return errorAnswer(400, "invalid", "Invalid rewrite token.");
    this.store(to, bytes, resource);
    return jsonAnswer({ done: true });
  }

  /** One page. */
  list(query: URLSearchParams): Response {
    const after = query.get("pageToken") ?? "";
    const count = Math.min(this.#pageSize, Number(query.get("maxResults") ?? this.#pageSize));
    const names = this.names.filter((name) =>
      name.startsWith(query.get("prefix") ?? "") && compareKeys(name, after) > 0
    );
    const items = names.slice(0, count).map((name) => ({ name, size: this.get(name)?.resource.size }));
    return jsonAnswer({
      ...(items.length === 0 ? {} : { items }),
      ...(names.length > count ? { nextPageToken: items.at(-1)?.name } : {}),
    });
  }
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C byte by byte, in base64. */
export function slowCrc32c(bytes: Uint8Array): string {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]!) & 255]!;
  const four = Buffer.alloc(4);
  four.writeInt32BE(~crc);
  return four.toString("base64");
}
