/**
 * One session of a resumable upload: what can be asked of it.
 *
 * @module
 */
import { AgainError, type Outcome } from "../http/transport.ts";
import { textOf } from "./answers.ts";
import type { GcsClient } from "./client.ts";
import { type NewObject, saysDamaged, type Sums } from "./new_object.ts";
import { FIELDS, type ObjectResource, resourceOf } from "./object_resource.ts";

/** Where an upload is. */
export type UploadState =
  | {
    /** The service waits for more. */
    readonly state: "open";
    /** How many bytes from the beginning it has for good. */
    readonly received: number;
  }
  | {
    /** The object is stored. */
    readonly state: "stored";
    /** What the service has stored. */
    readonly stored: ObjectResource;
  }
  | {
    /**
     * `gone`: the service knows the session no more. `damaged`: what has arrived has another checksum. `present`: there is an object, and none may be.
     */
    readonly state: "gone" | "damaged" | "present";
  };

/** A session. Its address lets whoever knows it write the object, so it is never shown. */
export class UploadSession {
  readonly #client: GcsClient;
  readonly #object: NewObject;
  readonly #url: string;

  private constructor(client: GcsClient, object: NewObject, url: string) {
    this.#client = client;
    this.#object = object;
    this.#url = url;
  }

  /**
   * Begins a session; `undefined` if there is an object, and none may be.
   *
   * @param sums What is known of the bytes before; then the service compares it before it stores the object.
   */
  static async begin(client: GcsClient, object: NewObject, sums?: Sums): Promise<UploadSession | undefined> {
    const length = sums === undefined ? {} : { "x-upload-content-length": String(sums.size) };
    return await client.send({
      doing: object.doing,
      method: "POST",
      url: client.urls.upload({ uploadType: "resumable", name: object.name, ...object.condition, fields: FIELDS }),
      headers: {
        "content-type": "application/json; charset=UTF-8",
        "x-upload-content-type": object.contentType,
        ...length,
      },
      body: JSON.stringify(object.resource(sums)),
      take: async (response) => {
        if (response.ok) {
          await textOf(response);
          const url = response.headers.get("location");
          if (url !== null && /^https?:/.test(url) && URL.canParse(url)) return new UploadSession(client, object, url);
          throw new AgainError("the answer does not say where to send the bytes to");
        }
        const answer = await client.errorOf(response);
        if (answer.status === 404) throw client.missingBucket();
        if (answer.status !== 412) throw client.refusalOf(object.doing, answer);
        return undefined;
      },
    });
  }

  /**
   * Sends bytes, once: what is to be sent after a failure, only `look` can tell.
   *
   * @param total Length of the whole object and the checksum of it, with its last bytes.
   */
  async send(bytes: Uint8Array<ArrayBuffer>, from: number, total: Sums | undefined): Promise<Outcome<UploadState>> {
    const range = bytes.length === 0 ? "*" : `${from}-${from + bytes.length - 1}`;
    // Google compares the checksum before it stores the object; others do not look at it.
    const checksum = total === undefined ? {} : { "x-goog-hash": `crc32c=${total.crc32c}` };
    return await this.#client.sendOnce({
      doing: this.#object.doing,
      method: "PUT",
      url: this.#url,
      headers: { "content-range": `bytes ${range}/${total?.size ?? "*"}`, ...checksum },
      body: bytes,
      take: (response) => this.#state(response),
    });
  }

  /** Asks where the upload is. */
  async look(): Promise<UploadState> {
    return await this.#client.send({
      doing: this.#object.doing,
      method: "PUT",
      url: this.#url,
      headers: { "content-range": "bytes */*" },
      body: new Uint8Array(0),
      take: (response) => this.#state(response),
    });
  }

  /** Ends the session without an object, as far as one attempt can; else the service does within a week. */
  async cancel(): Promise<void> {
    try {
      await this.#client.sendOnce({
        doing: `end the upload of the object ${JSON.stringify(this.#object.key)}`,
        method: "DELETE",
        url: this.#url,
        take: textOf,
      });
    } catch {
      // What made the upload fail is what has to be told.
    }
  }

  async #state(response: Response): Promise<UploadState> {
    if (response.status === 308) {
      await textOf(response);
      return { state: "open", received: receivedOf(response.headers.get("range")) };
    }
    if (response.ok) {
      return { state: "stored", stored: resourceOf(await this.#client.jsonOf(response), this.#object.name) };
    }
    const answer = await this.#client.errorOf(response);
    if (answer.status === 404 || answer.status === 410) return { state: "gone" };
    if (answer.status === 412) return { state: "present" };
    if (saysDamaged(answer.status, answer.message)) return { state: "damaged" };
    throw this.#client.refusalOf(this.#object.doing, answer);
  }
}

function receivedOf(range: string | null): number {
  if (range === null) return 0;
  const [, last] = /^bytes=0-(\d+)$/.exec(range) ?? [];
  if (last === undefined) throw new AgainError(`the answer has the range ${JSON.stringify(range)}`);
  // An emulator says so where it has nothing; the service never has a single byte, and does not mind to get it twice.
  return last === "0" ? 0 : Number(last) + 1;
}
