/**
 * A small fake of the JSON API of Google Cloud Storage, as a function in place of `fetch`: for what no server for tests can do.
 *
 * It gets right: who may ask (401, 403), generations and preconditions of every verb, checksums that are told before or with the last bytes,
 * sessions of uploads (the question how far they are, parts that arrived in pieces of 256 KiB, bytes that are sent twice, gaps, ended
 * sessions), copies in several requests, pages, ranges, the words of Google's messages. It knows one bucket, and no versions.
 *
 * @module
 */
import { FakeObjects, type StoredObject } from "./fake_gcs_objects.ts";
import { FakeSessions } from "./fake_gcs_sessions.ts";
import { errorAnswer, jsonAnswer } from "./fake_gcs_answers.ts";

/** What happens to a request on its way. */
export type Fault =
  /** This is answered, and the request never arrives. */
  | { readonly answer: Response }
  /** The connection breaks before anything arrives. */
  | "refuse"
  /** The connection breaks after the answer was made. */
  | "lose"
  /** The connection breaks after so many bytes of the body have arrived. */
  | { readonly cut: number }
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly cutAnswer: number }
  /** Other bytes arrive. */
  | { readonly alter: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> };

/** A request as the fake sees it. */
export interface FakeRequest {
  /** Its method. */
  readonly method: string;
  /** Its address. */
  readonly url: URL;
  /** Its headers. */
  readonly headers: Headers;
  /** Its body. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What a test wants of the fake. */
export interface FakeGcsOptions {
  /** Name of the bucket. @default {"tests"} */
  readonly bucket?: string;
  /** How many objects a page has at most. @default {1000} */
  readonly pageSize?: number;
  /** Decides what happens to each request. */
  readonly fault?: (request: FakeRequest, count: number) => Fault | undefined;
  /** Says what is answered to who has this `Authorization`. @default {every token is good} */
  readonly admit?: (authorization: string | null) => 200 | 401 | 403;
}

/** A service in memory. */
export class FakeGcsApi {
  /** Method, path and what matters of each request, in order. */
  readonly requests: string[] = [];
  /** The objects by name. */
  readonly objects: FakeObjects;
  /** Sessions of uploads. */
  readonly sessions: FakeSessions;
  readonly #options: FakeGcsOptions;
  readonly #bucket: string;

  /** Begins with an empty bucket. */
  constructor(options: FakeGcsOptions = {}) {
    this.#options = options;
    this.#bucket = options.bucket ?? "tests";
    this.objects = new FakeObjects(options.pageSize ?? 1000);
    this.sessions = new FakeSessions(this.objects);
  }

  /** Answers a request. */
  readonly fetch = async (request: Request): Promise<Response> => {
    request.signal.throwIfAborted();
    const seen = {
      method: request.method,
      url: new URL(request.url),
      headers: request.headers,
      body: await request.bytes(),
    };
    const range = request.headers.get("content-range") ?? request.headers.get("range");
    this.requests.push(`${seen.method} ${seen.url.pathname}${range === null ? "" : ` ${range}`}`);
    const fault = this.#options.fault?.(seen, this.requests.length);
    if (fault === undefined) return this.#answer(seen);
    if (fault === "refuse") throw new TypeError(`error sending request for url (${request.url})`);
    if (fault === "lose") {
      this.#answer(seen);
      throw new TypeError("connection closed before message completed");
    }
    if ("answer" in fault) return fault.answer.clone();
    if ("alter" in fault) return this.#answer({ ...seen, body: fault.alter(seen.body) });
    if ("cutAnswer" in fault) return cutAnswer(this.#answer(seen), fault.cutAnswer);
    this.sessions.arrived(seen, fault.cut);
    throw new TypeError("connection reset by peer");
  };

  #answer(request: FakeRequest): Response {
    const { method, url } = request;
    const admitted = this.#options.admit?.(request.headers.get("authorization")) ?? 200;
    if (admitted === 401) return errorAnswer(401, "authError", "Invalid Credentials");
    if (admitted === 403) {
      return errorAnswer(403, "forbidden", "someone does not have storage.objects.get access to the object.");
    }
    const [, upload, bucket, rest = ""] = /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/o(?:\/(.*))?$/.exec(url.pathname) ??
      [];
    if (bucket !== this.#bucket) return errorAnswer(404, "notFound", "The specified bucket does not exist.");
    if (upload !== undefined) return this.sessions.answer(request);
    if (rest === "") return this.objects.list(url.searchParams);
    const [from = "", to] = rest.split(`/rewriteTo/b/${bucket}/o/`).map(decodeURIComponent);
    const found = this.objects.get(from);
    if (found === undefined) return errorAnswer(404, "notFound", `No such object: ${bucket}/${from}`);
    const refused = this.objects.refusal(from, url.searchParams);
    if (refused !== undefined) return refused;
    if (to !== undefined) return this.objects.rewrite(found, to, url.searchParams);
    if (method === "DELETE") {
      this.objects.delete(from);
      return new Response(null, { status: 204 });
    }
    if (method === "PATCH") {
      return jsonAnswer(this.objects.patch(found, JSON.parse(new TextDecoder().decode(request.body))));
    }
    return url.searchParams.get("alt") === "media"
      ? media(found, request.headers.get("range"))
      : jsonAnswer(found.resource);
  }
}

function media({ bytes, resource }: StoredObject, range: string | null): Response {
  const headers = { "x-goog-generation": resource.generation, "content-type": resource.contentType };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (first === undefined) return new Response(bytes, { headers: { ...headers, "content-length": `${bytes.length}` } });
  const start = Number(first);
  const end = Math.min(Number(last) + 1, bytes.length);
  if (start >= bytes.length) {
    return new Response("The requested range cannot be satisfied.", {
      status: 416,
      headers: { "content-range": `bytes */${bytes.length}` },
    });
  }
  const contentRange = { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
  return new Response(bytes.slice(start, end), { status: 206, headers: { ...headers, ...contentRange } });
}

function cutAnswer({ body, status, headers }: Response, bytes: number): Response {
  let left = bytes;
  const cut = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, controller) {
      controller.enqueue(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) controller.error(new TypeError("error reading a body from connection"));
    },
  });
  return new Response(body?.pipeThrough(cut) ?? null, { status, headers });
}
