/**
 * The few Python literals that the header of a `.npy` file is made of. They are parsed, never evaluated.
 *
 * @module
 */

/** A parsed literal. Tuples and lists are arrays. */
export type PythonLiteral =
  | string
  | boolean
  | number
  | null
  | readonly PythonLiteral[]
  | ReadonlyMap<string, PythonLiteral>;

/** How deep literals may be inside one another: NumPy writes three levels at most. */
const DEEPEST = 16;

/** Parses a text that is one literal. Throws a `SyntaxError` if it is anything else. */
export function parsePythonLiteral(text: string): PythonLiteral {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): PythonLiteral {
    const literal = this.#literal(0);
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.#unexpected();
    return literal;
  }

  #literal(depth: number): PythonLiteral {
    if (depth > DEEPEST) throw new SyntaxError("literals are too deep inside one another");
    this.#skipSpace();
    const next = this.#text[this.#position];
    switch (next) {
      case "{":
        return this.#dict(depth);
      case "(":
        return this.#sequence(")", depth);
      case "[":
        return this.#sequence("]", depth);
      case "'":
      case '"':
        return this.#string(next);
      default:
        return this.#word();
    }
  }

  #dict(depth: number): PythonLiteral {
    const entries = new Map<string, PythonLiteral>();
    this.#position++;
    while (!this.#takes("}")) {
      const key = this.#literal(depth + 1);
      if (typeof key !== "string" || entries.has(key)) throw new SyntaxError("a key is no string or comes twice");
      this.#expect(":");
      entries.set(key, this.#literal(depth + 1));
      if (!this.#takes(",")) {
        this.#expect("}");
        break;
      }
    }
    return entries;
  }

  #sequence(end: string, depth: number): PythonLiteral {
    const items: PythonLiteral[] = [];
    this.#position++;
    while (!this.#takes(end)) {
      items.push(this.#literal(depth + 1));
      if (!this.#takes(",")) {
        this.#expect(end);
        // Parentheses around one literal without a comma are no tuple.
        const [only] = items;
        return end === ")" && items.length === 1 && only !== undefined ? only : items;
      }
    }
    return items;
  }

  #string(quote: string): string {
    const end = this.#text.indexOf(quote, this.#position + 1);
    const content = this.#text.slice(this.#position + 1, end);
    if (end < 0 || content.includes("\n")) throw new SyntaxError("a string does not end");
    if (content.includes("\\")) throw new SyntaxError("a string has an escape, which NumPy does not write here");
    this.#position = end + 1;
    return content;
  }

  #word(): PythonLiteral {
    const word = /[\w+-]*/y;
    word.lastIndex = this.#position;
    const [text = ""] = word.exec(this.#text) ?? [];
    // Python 2 wrote whole numbers with an L.
    const number = /^([+-]?\d+)L?$/.exec(text)?.[1];
    if (number === undefined && text !== "True" && text !== "False" && text !== "None") throw this.#unexpected();
    this.#position += text.length;
    if (number !== undefined) return Number(number);
    return text === "None" ? null : text === "True";
  }

  #takes(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#takes(character)) throw this.#unexpected();
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#position] ?? "")) this.#position++;
  }

  #unexpected(): SyntaxError {
    const found = this.#text[this.#position];
    return new SyntaxError(
      found === undefined
        ? "it ends too early"
        : `${JSON.stringify(found)} at character ${this.#position} is unexpected`,
    );
  }
}
