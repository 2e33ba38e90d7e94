/**
 * The upload of a large object, or of a stream, in parts, through whatever happens on the way.
 *
 * @module
 */
import { UnavailableError } from "../../../src/errors.ts";
import type { BodyPart } from "../http/parts.ts";
import type { GcsClient } from "./client.ts";
import { type NewObject, Summing, type Sums } from "./new_object.ts";
import type { ObjectResource } from "./object_resource.ts";
import { UploadSession, type UploadState } from "./upload_session.ts";

/** What is uploaded. */
export interface ResumableBody {
  /** Its parts from the beginning; those of a stream can be had once. */
  readonly parts: () => AsyncIterable<BodyPart>;
  /** What is known of it before; then its parts can be had again and again. */
  readonly known?: Sums;
}

/** How often an upload is begun at most. */
const MAX_SESSIONS = 4;

/** Why a session came to nothing, though another one may do. */
type Setback = "gone" | "damaged";

/** What became of the parts that were sent. */
type Sent =
  | { readonly stored: ObjectResource; readonly sums: Sums }
  | { readonly setback: Setback };

/** One upload. */
export class ResumableUpload {
  readonly #client: GcsClient;
  readonly #object: NewObject;
  readonly #body: ResumableBody;
  #session: UploadSession | undefined;
  #sessions = 0;

  /** Begins nothing. */
  constructor(client: GcsClient, object: NewObject, body: ResumableBody) {
    this.#client = client;
    this.#object = object;
    this.#body = body;
  }

  /**
   * Uploads the object. If that fails, nothing of it is left.
   *
   * @throws {ConflictError} If there is an object, and none may be.
   * @throws {IntegrityError} If the service has got other bytes, and they can not be sent again or that did not help.
   * @throws {UnavailableError} If the service goes on failing, or has forgotten what it had of a stream. What the stream throws is thrown as it is.
   */
  async run(): Promise<{ readonly stored: ObjectResource; readonly sums: Sums }> {
    try {
      for (;;) {
        const sent = await this.#sendAll();
        if ("stored" in sent) {
          this.#session = undefined;
          if (this.#object.isWhole(sent.stored, sent.sums)) return sent;
          await this.#object.remove(sent.stored);
        }
        if (this.#body.known === undefined || this.#sessions >= MAX_SESSIONS) {
          throw this.#hopeless("stored" in sent ? "damaged" : sent.setback);
        }
      }
    } finally {
      await this.#session?.cancel();
    }
  }

  async #sendAll(): Promise<Sent> {
    const summing = new Summing();
    let sums = this.#body.known;
    await this.#begin();
    for await (const part of this.#body.parts()) {
      if (this.#body.known === undefined) {
        summing.add(part.bytes);
        if (part.isLast) sums = summing.sums();
      }
      let state = await this.#sendPart(part, part.isLast ? sums : undefined);
      // Of a stream, too, the first part can be sent again.
      while (isSetback(state) && part.index === 0 && this.#sessions < MAX_SESSIONS) {
        await this.#begin();
        state = await this.#sendPart(part, part.isLast ? sums : undefined);
      }
      if (state.state === "stored") {
        // Too early, the sums are of less than all of it: they differ from those of what was stored if more follows.
        return { stored: state.stored, sums: sums ?? { size: -1, sha256: "", crc32c: "" } };
      }
      if (state.state === "present") throw this.#object.conflict();
      if (isSetback(state)) return { setback: state.state };
      part.release();
    }
    throw new Error("A body has no last part.");
  }

  async #begin(): Promise<void> {
    const abandoned = this.#session;
    this.#session = undefined;
    await abandoned?.cancel();
    this.#sessions++;
    this.#session = await UploadSession.begin(this.#client, this.#object, this.#body.known);
    if (this.#session === undefined) throw this.#object.conflict();
  }

  /** Sends a part until the service has all of it, or will not have it. */
  async #sendPart(part: BodyPart, total: Sums | undefined): Promise<UploadState> {
    const session = this.#session;
    if (session === undefined) return { state: "gone" };
    const end = part.start + part.bytes.length;
    let from = part.start;
    for (let failed = 0;;) {
      const outcome = await session.send(part.bytes.subarray(from - part.start), from, total);
      let state: UploadState;
      if ("value" in outcome) {
        state = outcome.value;
      } else {
        await this.#client.transport.pauseAfter(this.#object.doing, ++failed, outcome.failure);
        state = await session.look();
      }
      if (state.state !== "open") return await this.#settled(state, part);
      const { received } = state;
      // What the service had for good it has no more, or it has what it was never sent.
      if (received < part.start || received > end) return { state: "gone" };
      if (received === end && !part.isLast) return state;
      if (received > from) failed = 0;
      else if ("value" in outcome) {
        const failure = new Error(`the service took none of the bytes from ${from} on`);
        await this.#client.transport.pauseAfter(this.#object.doing, ++failed, failure);
      }
      from = received;
    }
  }

  /** The reply to the last part may have been lost: then the session is gone, or the object in its own way, and all is well. */
  async #settled(state: UploadState, part: BodyPart): Promise<UploadState> {
    if (!part.isLast || state.state !== "gone" && state.state !== "present") return state;
    const stored = await this.#object.stored();
    return stored === undefined ? state : { state: "stored", stored };
  }

  #hopeless(setback: Setback): Error {
    if (setback === "damaged") return this.#object.damaged("the checksum of what arrived was another one");
    const { key } = this.#object;
    const { place } = this.#client.settings;
    return new UnavailableError(
      `The store ${place} ended the upload of the object ${JSON.stringify(key)} before all of it was there` +
        (this.#body.known === undefined ? ", and a stream can not be sent again" : `, ${MAX_SESSIONS} times`) +
        "; nothing of it was kept. Put it again.",
    );
  }
}

function isSetback(state: UploadState): state is { readonly state: Setback } {
  return state.state === "gone" || state.state === "damaged";
}
