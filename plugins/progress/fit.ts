/**
 * Text that fits a line of a terminal.
 *
 * @module
 */

/** A part of a line, perhaps in colour. */
export interface Piece {
  readonly text: string;
  /** Number of an ANSI colour. Default: none. */
  readonly color?: number | undefined;
}

/**
 * An upper bound of the columns that a text takes. What terminals make of emoji, combining marks and wide letters differs; none takes
 * more than two columns a code point, and a line that is a little short looks better than one that wraps.
 */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const char of text) columns += columnsOfChar(char);
  return columns;
}

function columnsOfChar(char: string): number {
  return char < "\x7f" ? 1 : 2;
}

/** As much of a text as fits; `…` stands for the rest. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const room = columns - columnsOfChar("…");
  let short = "";
  let used = 0;
  for (const char of text) {
    used += columnsOfChar(char);
    if (used > room) break;
    short += char;
  }
  return room < 0 ? "" : `${short}…`;
}

/** Pieces one after the other, as far as they fit. */
export function fit(pieces: readonly Piece[], columns: number): string {
  let line = "";
  let room = columns;
  for (const { text, color } of pieces) {
    const shown = cut(text, room);
    line += color === undefined || shown === "" ? shown : `\x1b[${color}m${shown}\x1b[39m`;
    if (shown !== text) break;
    room -= columnsOf(text);
  }
  return line;
}
