/**
 * A small fake in place of a server, only for what no server at hand does when it is asked to: it gives answers one after another.
 *
 * @module
 */
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { expect } from "@std/expect";
import { VirtualClock } from "../../../../testing/virtual_clock.ts";

/** One answer, which may look at the request. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** What is not to be seen anywhere. */
export const SECRETS: readonly string[] = ["the-key-id", "the-secret", "the-token"];

/** Credentials made of {@linkcode SECRETS}. */
export const CREDENTIALS = { accessKeyId: "the-key-id", secretAccessKey: "the-secret", sessionToken: "the-token" };

/** A store over scripted answers, and what was asked. */
export interface Scripted {
  readonly store: S3ObjectStore;
  readonly clock: VirtualClock;
  /** Method, path and query of each request. */
  readonly asked: string[];
  /** Runs a call, with all its pauses, in no time. */
  readonly run: <T>(call: Promise<T>) => Promise<T>;
}

/** Makes a store that is given these answers; the last one again and again. */
export function scripted(answers: readonly Answer[], options: Partial<S3ObjectStoreOptions> = {}): Scripted {
  const clock = new VirtualClock({ start: Date.UTC(2026, 5, 1), random: () => 0.5 });
  const asked: string[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(`${request.method} ${pathname}${search}`);
    if (answer === undefined) throw new Error("asked too often");
    return await answer(request);
  };
  const store = new S3ObjectStore({
    bucket: "bucket",
    endpoint: "http://127.0.0.1:1",
    region: "us-east-1",
    credentials: CREDENTIALS,
    clock,
    fetch,
    ...options,
  });
  const run = async <T>(call: Promise<T>): Promise<T> => {
    let done = false;
    const ended = call.finally(() => done = true);
    ended.catch(() => {});
    while (!done) {
      // Loading modules and native signing take turns of the real event loop.
      await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(100);
    }
    return await ended;
  };
  return { store, clock, asked, run };
}

/** An answer with headers and no body. */
export function plain(status: number, headers: Record<string, string> = {}): Answer {
  return () => new Response(status === 200 ? new Uint8Array(0) : null, { status, headers });
}

/** An error as S3 gives it. */
export function refusal(
  status: number,
  code: string,
  message = "",
  more = "",
  headers: Record<string, string> = {},
): Answer {
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`;
  return () => new Response(body, { status, headers: { "content-type": "application/xml", ...headers } });
}

/** A body of XML with the state 200. */
export function xml(body: string): Answer {
  return () => new Response(body, { headers: { "content-type": "application/xml" } });
}

/** The error of a call, in which no secret is; it is an error if there is none. */
export async function errorOf(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(() => undefined, (error: unknown) => error);
  if (!(error instanceof Error)) throw new Error("there was no error");
  const shown = Deno.inspect(error, { depth: 20 });
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
  return error;
}
