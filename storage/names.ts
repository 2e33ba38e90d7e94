/**
 * Names of workflows and tasks as one segment of a key, reversibly, on any file system: also one that folds case, normalises
 * Unicode, knows device names or drops a trailing dot.
 *
 * Lower-case letters, digits and `._-[]()=,@+` stay; an upper-case letter becomes `!` and its lower-case form, as in Go's
 * module proxy; every other byte of the UTF-8 form becomes `%xx`, and so do a leading and a trailing dot and the first letter of a
 * device name of Windows. What would be too long for a file name becomes a readable beginning, `~` and a SHA-256: then the record that is
 * stored there carries the name.
 *
 * @module
 */
import { InvalidKeyError } from "../src/errors.ts";
import { utf8Length } from "./keys.ts";
import { sha256Hex } from "./digest.ts";

/** The longest name of a workflow or a task, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 255;

/** The longest segment that is a whole encoded name; a longer one is shortened. */
const MAX_WHOLE = 180;
/** How much of a shortened name is kept readable. */
const READABLE = 100;

const PLAIN = /^[a-z0-9_=[\](),@+-](?:[a-z0-9._=[\](),@+-]*[a-z0-9_=[\](),@+-])?$/;
const KEPT = /[a-z0-9._=[\](),@+-]/;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

/** Why a name can not be one, as the end of a sentence that begins with "it"; `undefined` if it can. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (!name.isWellFormed()) return "it has half of a surrogate pair, so it has no UTF-8 form";
  const control = /\p{Cc}/u.exec(name)?.[0].codePointAt(0);
  if (control !== undefined) {
    return `it has the control character U+${control.toString(16).padStart(4, "0").toUpperCase()}`;
  }
  const bytes = name.length > MAX_NAME_BYTES / 3 ? utf8Length(name) : name.length;
  return bytes > MAX_NAME_BYTES ? `it has ${bytes} UTF-8 bytes` : undefined;
}

/**
 * Refuses a name that is not 1 to 255 UTF-8 bytes without control characters.
 *
 * @throws {InvalidKeyError} Names the name and the rule it breaks.
 */
export function checkName(name: string, what: "workflow" | "task"): void {
  const problem = nameProblem(name);
  if (problem === undefined) return;
  const shown = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  throw new InvalidKeyError(
    `The ${what} name ${JSON.stringify(shown)} is refused: ${problem}; ` +
      `a name has 1 to ${MAX_NAME_BYTES} UTF-8 bytes and no control characters.`,
    what === "workflow" ? { workflow: name } : { node: name },
  );
}

/** The name of something within something else: both names with `/` between them; where that is too long, a hash stands for it. */
export function nameWithin(outer: string, inner: string): string {
  const whole = `${outer}/${inner}`;
  if (utf8Length(whole) <= MAX_NAME_BYTES) return whole;
  return `${sha256Hex(whole).slice(0, 32)}/${[...inner].slice(0, 40).join("")}`;
}

/** The segment that stands for a name; no two names have the same, even if case is folded. */
export function encodeName(name: string): string {
  if (name.length <= MAX_WHOLE && PLAIN.test(name) && !DEVICE.test(name)) return name;
  const tokens = encodedTokens(name);
  const whole = tokens.join("");
  if (whole.length <= MAX_WHOLE) return whole;
  let readable = "";
  for (const token of tokens) {
    if (readable.length + token.length > READABLE) break;
    readable += token;
  }
  return `${readable}~${base32(Uint8Array.fromHex(sha256Hex(name)))}`;
}

/** The name that a segment stands for; `undefined` if it is a shortened one, or none that {@linkcode encodeName} gives. */
export function decodeName(segment: string): string | undefined {
  if (PLAIN.test(segment)) return segment.length <= MAX_WHOLE && !DEVICE.test(segment) ? segment : undefined;
  const bytes: number[] = [];
  for (let i = 0; i < segment.length; i++) {
    const char = segment.charAt(i);
    if (char === "%") {
      const hex = segment.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/.test(hex)) return undefined;
      bytes.push(parseInt(hex, 16));
      i += 2;
    } else if (char === "!") {
      const letter = segment.charAt(++i);
      if (!/^[a-z]$/.test(letter)) return undefined;
      bytes.push(letter.charCodeAt(0) - 32);
    } else if (KEPT.test(char)) {
      bytes.push(char.charCodeAt(0));
    } else {
      return undefined;
    }
  }
  let name: string;
  try {
    // A byte-order mark at the beginning belongs to the name.
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
  return nameProblem(name) === undefined && encodeName(name) === segment ? name : undefined;
}

/** Whether a segment is shortened, so that the name has to be read from what is stored there. */
export function isShortened(segment: string): boolean {
  return segment.includes("~");
}

function encodedTokens(name: string): string[] {
  const bytes = new TextEncoder().encode(name);
  const tokens: string[] = [];
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (byte >= 0x41 && byte <= 0x5a) tokens.push(`!${char.toLowerCase()}`);
    else tokens.push(byte < 0x80 && KEPT.test(char) ? char : escaped(byte));
  }
  const last = bytes.length - 1;
  if (bytes[0] === 0x2e || DEVICE.test(tokens.join(""))) tokens[0] = escaped(bytes[0] ?? 0);
  if (bytes[last] === 0x2e) tokens[last] = escaped(0x2e);
  return tokens;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).padStart(2, "0")}`;
}

/** RFC 4648 in lower case without padding: letters and digits that survive the folding of case. */
function base32(bytes: Uint8Array): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt(value >> bits & 31);
    }
  }
  return bits > 0 ? text + alphabet.charAt(value << (5 - bits) & 31) : text;
}
