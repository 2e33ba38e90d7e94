import type { ProgressOutput } from "../../mod.ts";

/** A terminal that understands what a bar writes: carriage returns, line ends, colours and "erase to the end of the line". */
export class FakeTerminal implements ProgressOutput {
  /** The rows so far; the last one has the cursor. */
  readonly rows: string[] = [""];
  /** How often it was written to. */
  writes = 0;
  /** Whether any text was coloured. */
  isColored = false;
  /** Whether a bar was ever as wide as the terminal, or wider. */
  hasWrapped = false;
  #column = 0;

  /** `width` is what the terminal tells; a terminal of no width has 80 columns all the same. */
  constructor(public width = 80) {}

  isTerminal(): boolean {
    return true;
  }

  columns(): number {
    return this.width;
  }

  /** The row with the cursor. */
  get row(): string {
    return this.rows.at(-1)!;
  }

  write(text: string): void {
    this.writes++;
    const tokens = [...text.matchAll(/(?![\r\n])\p{Cc}\[[0-9;]*[A-Za-z]|[^]/gu)].map(([token]) => token);
    const shown = tokens.filter((token) => !/^\p{Cc}/u.test(token));
    const columns = shown.reduce((all, char) => all + (char < "\x7f" ? 1 : 2), 0);
    if (!text.includes("\n") && columns >= (this.width >= 1 ? this.width : 80)) this.hasWrapped = true;
    for (const token of tokens) this.#take(token);
  }

  #take(token: string): void {
    if (token === "\r") this.#column = 0;
    else if (token === "\n") {
      this.rows.push("");
      this.#column = 0;
    } else if (token === "\x1b[K") this.#setRow(this.#chars().slice(0, this.#column));
    else if (token.startsWith("\x1b[") && token.endsWith("m")) this.isColored = true;
    else if (/^\p{Cc}/u.test(token)) throw new Error(`The terminal got ${JSON.stringify(token)}.`);
    else {
      const chars = this.#chars();
      chars[this.#column++] = token;
      this.#setRow(chars);
    }
  }

  #chars(): string[] {
    return [...this.row];
  }

  #setRow(chars: readonly string[]): void {
    this.rows[this.rows.length - 1] = chars.join("");
  }
}

/** A file or pipe. */
export class FakePipe implements ProgressOutput {
  /** What was written. */
  text = "";

  isTerminal(): boolean {
    return false;
  }

  columns(): number {
    throw new Error("A pipe has no columns.");
  }

  write(text: string): void {
    this.text += text;
  }
}
