/**
 * What the service answers, before anyone believes it.
 *
 * @module
 */
import { joined } from "../body.ts";
import { AgainError } from "../http/transport.ts";

/** How much of an answer that is not an object's bytes is read, in bytes: a page of 1,000 objects with all their fields has 2 MiB. */
const MAX_BYTES = 64 * 1024 * 1024;
/** How much of a text of others is shown. */
const SHOWN = 300;

/** What the service says that went wrong. */
export interface ErrorAnswer {
  /** State of HTTP. */
  readonly status: number;
  /** The reason as the service names it, such as `forbidden`; empty if it names none. */
  readonly reason: string;
  /** What it says, on one line. */
  readonly message: string;
}

/** Makes a text of others fit to be shown. */
type Conceal = (text: string) => string;

/** All of the text of an answer. */
export async function textOf(response: Response): Promise<string> {
  // What is announced is not exceeded, and all at once is quicker.
  if (Number(response.headers.get("content-length") ?? Infinity) <= MAX_BYTES) return await response.text();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.length;
    if (size > MAX_BYTES) throw new AgainError(`the answer is longer than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return new TextDecoder().decode(joined(pieces, size));
}

/** The JSON object of an answer. Throws `AgainError` if it is none. */
export async function jsonOf(response: Response, conceal: Conceal): Promise<Readonly<Record<string, unknown>>> {
  const text = await textOf(response);
  const value = parsed(text);
  if (isRecord(value)) return value;
  throw new AgainError(
    `the answer is not what the JSON API of Cloud Storage answers; it begins with ${
      JSON.stringify(shown(conceal(text)))
    }`,
  );
}

/** What an answer says that went wrong, as JSON or as a text. */
export async function errorOf(response: Response, conceal: Conceal): Promise<ErrorAnswer> {
  const text = await textOf(response);
  const value = parsed(text);
  const error = isRecord(value) && isRecord(value["error"]) ? value["error"] : {};
  const first: unknown = Array.isArray(error["errors"]) ? error["errors"][0] : undefined;
  const reason = isRecord(first) && typeof first["reason"] === "string" ? first["reason"] : "";
  const message = typeof error["message"] === "string" ? error["message"] : text;
  return { status: response.status, reason, message: shown(conceal(message)) || response.statusText };
}

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
