import { errorAnswer } from "./fake_gcs_answers.ts";
import type { FakeRequest } from "./fake_gcs_api.ts";
import { type FakeObjects, slowCrc32c, type ToldResource } from "./fake_gcs_objects.ts";

/** What the service keeps of a part that is not the last, and did not arrive as a whole: a multiple of this, in bytes. */
const UNIT = 256 * 1024;

interface Session {
  readonly name: string;
  readonly told: ToldResource;
  readonly query: URLSearchParams;
  bytes: Uint8Array<ArrayBuffer>;
  /** The answer to the last part, which is given again and again. */
  done?: Response;
}

/** Uploads of the fake: in one request, or in sessions. */
export class FakeSessions {
  readonly #objects: FakeObjects;
  readonly #sessions = new Map<string, Session>();
  #count = 0;

  /** Uploads to these objects. */
  constructor(objects: FakeObjects) {
    this.#objects = objects;
  }

  /** How many sessions are neither ended nor finished. */
  get open(): number {
    return [...this.#sessions.values()].filter(({ done }) => done === undefined).length;
  }

  /** Forgets all sessions. */
  forget(): void {
    this.#sessions.clear();
  }

  /** Answers a request to the address of uploads. */
  answer(request: FakeRequest): Response {
    const { searchParams: query } = request.url;
    const id = query.get("upload_id");
    if (id === null) return query.get("uploadType") === "resumable" ? this.#begin(request) : this.#multipart(request);
    const session = this.#sessions.get(id);
    if (session === undefined) return new Response("", { status: 410 });
    if (request.method === "DELETE") {
      this.#sessions.delete(id);
      return new Response("", { status: 499 });
    }
    return this.#part(session, request);
  }

  /** Takes the first bytes of a request whose connection breaks. */
  arrived(request: FakeRequest, bytes: number): void {
    const session = this.#sessions.get(request.url.searchParams.get("upload_id") ?? "");
    const start = startOf(request);
    if (session === undefined || start === undefined || start > session.bytes.length) return;
    this.#append(session, request.body.subarray(0, bytes), start);
    session.bytes = session.bytes.slice(0, Math.floor(session.bytes.length / UNIT) * UNIT);
  }

  #multipart({ headers, body, url }: FakeRequest): Response {
    const [, boundary = ""] = /^multipart\/related; boundary="([^"]+)"$/.exec(headers.get("content-type") ?? "") ?? [];
    // One character for each byte.
    const text = new TextDecoder("latin1").decode(body);
    const end = `\r\n--${boundary}--\r\n`;
    const [first = "", ...rest] = text.split(`\r\n--${boundary}\r\n`);
    const bytesAt = first.length + boundary.length + 6 + (rest[0]?.indexOf("\r\n\r\n") ?? 0) + 4;
    if (rest.length !== 1 || !first.startsWith(`--${boundary}\r\n`) || !text.endsWith(end)) {
      return errorAnswer(400, "badRequest", "Malformed multipart body.");
    }
    const json = body.subarray(first.indexOf("\r\n\r\n") + 4, first.length);
    const told: ToldResource = JSON.parse(new TextDecoder().decode(json));
    const name = told.name ?? "";
    return this.#objects.refusal(name, url.searchParams) ??
      this.#objects.store(name, body.slice(bytesAt, body.length - end.length), told);
  }

  #begin({ url, body }: FakeRequest): Response {
    const told: ToldResource = JSON.parse(new TextDecoder().decode(body));
    const name = url.searchParams.get("name") ?? "";
    const refused = this.#objects.refusal(name, url.searchParams);
    if (refused !== undefined) return refused;
    const id = `secret-${++this.#count}`;
    this.#sessions.set(id, { name, told, query: url.searchParams, bytes: new Uint8Array(0) });
    const location = new URL(url);
    location.search = `?uploadType=resumable&upload_id=${id}`;
    return new Response("", { headers: { location: location.href } });
  }

  #part(session: Session, request: FakeRequest): Response {
    if (session.done !== undefined) return session.done.clone();
    const [, total] = /\/(\d+)$/.exec(request.headers.get("content-range") ?? "") ?? [];
    const start = startOf(request);
    if (start !== undefined) {
      if (start > session.bytes.length) return errorAnswer(503, "backendError", "A gap.");
      if (total === undefined && request.body.length % UNIT !== 0) {
        return errorAnswer(400, "badRequest", "Not a multiple of 256 KiB.");
      }
      this.#append(session, request.body, start);
    }
    if (total === undefined || session.bytes.length < Number(total)) {
      const { length } = session.bytes;
      return new Response("", { status: 308, headers: length === 0 ? {} : { range: `bytes=0-${length - 1}` } });
    }
    return this.#finish(session, request.headers.get("x-goog-hash"));
  }

  #finish(session: Session, hash: string | null): Response {
    const { name, told, query, bytes } = session;
    const refused = this.#objects.refusal(name, query);
    if (refused !== undefined) return refused;
    const crc32c = hash?.replace("crc32c=", "") ?? slowCrc32c(bytes);
    const answer = this.#objects.store(name, bytes, { crc32c, ...told });
    if (answer.ok) session.done = answer.clone();
    return answer;
  }

  /** What is there already is not taken again. */
  #append(session: Session, bytes: Uint8Array, start: number): void {
    const added = bytes.subarray(session.bytes.length - start);
    const whole = new Uint8Array(session.bytes.length + added.length);
    whole.set(session.bytes);
    whole.set(added, session.bytes.length);
    session.bytes = whole;
  }
}

function startOf({ headers }: FakeRequest): number | undefined {
  const [, start] = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "") ?? [];
  return start === undefined ? undefined : Number(start);
}
