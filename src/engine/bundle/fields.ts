/**
 * Reads data of unknown origin field by field: each has to be of its kind, and none may be left over.
 *
 * @module
 */
import { nameProblem } from "../../../storage/names.ts";
import type { ErrorRecord } from "../../errors.ts";
import { damagedBundle } from "./damage.ts";

/** How deep the causes of an error go. */
const MOST_CAUSES = 32;

/** The fields of one object. */
export class Fields {
  readonly #left: Map<string, unknown>;
  readonly #what: string;

  /** Takes a value that has to be a plain object; `what` is its name in messages. */
  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw damagedBundle(`${what} is no record`);
    }
    this.#what = what;
    this.#left = new Map(Object.entries(value));
  }

  /** Takes a field of any kind; `undefined` if it is not there. */
  take(name: string): unknown {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  /** Whether a field is there. */
  has(name: string): boolean {
    return this.#left.has(name);
  }

  /** Takes a field, if it is `null`; whether it was. */
  isNull(name: string): boolean {
    return this.#left.get(name) === null && this.#left.delete(name);
  }

  /** Takes a text. */
  text(name: string): string {
    const value = this.take(name);
    return typeof value === "string" && value.isWellFormed() ? value : this.#refuse(name, "no text");
  }

  /** Takes a name by the rule of names. */
  name(name: string): string {
    const value = this.text(name);
    const problem = nameProblem(value);
    return problem === undefined ? value : this.#refuse(name, `no name: ${problem}`);
  }

  /** Takes a text that is one of some. */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.take(name);
    return allowed.find((each) => each === value) ?? this.#refuse(name, `none of ${allowed.join(", ")}`);
  }

  /** Takes a finite number. */
  number(name: string): number {
    const value = this.take(name);
    return typeof value === "number" && Number.isFinite(value) ? value : this.#refuse(name, "no number");
  }

  /** Takes a whole number from 0 up to `most`, or to what a number can count. */
  count(name: string, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.number(name);
    return Number.isSafeInteger(value) && value >= 0 && value <= most
      ? value
      : this.#refuse(name, `${value}, no whole number up to ${most}`);
  }

  /** Takes a truth value. */
  boolean(name: string): boolean {
    const value = this.take(name);
    return typeof value === "boolean" ? value : this.#refuse(name, "neither true nor false");
  }

  /** Takes a list, and each of its items by `item`. */
  list<T>(name: string, item: (value: unknown, index: number) => T): T[] {
    const value = this.take(name);
    return Array.isArray(value) ? value.map(item) : this.#refuse(name, "no list");
  }

  /** Takes a list of texts. */
  texts(name: string): string[] {
    return this.list(name, (value) => typeof value === "string" ? value : this.#refuse(name, "no list of texts"));
  }

  /** Takes the record of an error. */
  error(name: string): ErrorRecord {
    return errorIn(this.take(name), `${this.#what}, ${name}`);
  }

  /** Says that all is read: whatever is left has no place there. */
  end(): void {
    const [first] = this.#left.keys();
    if (first !== undefined) throw damagedBundle(`${this.#what} has the unknown field ${JSON.stringify(first)}`);
  }

  #refuse(name: string, problem: string): never {
    throw damagedBundle(`the field ${JSON.stringify(name)} of ${this.#what} is ${problem}`);
  }
}

/** The record of an error in data of unknown origin. */
export function errorIn(value: unknown, what: string, depth = 0): ErrorRecord {
  if (depth > MOST_CAUSES) throw damagedBundle(`${what} has more than ${MOST_CAUSES} causes`);
  const fields = new Fields(value, what);
  const [name, message] = [fields.text("name"), fields.text("message")];
  const stack = fields.has("stack") ? fields.text("stack") : undefined;
  const cause = fields.has("cause") ? errorIn(fields.take("cause"), what, depth + 1) : undefined;
  fields.end();
  return { name, message, ...(stack === undefined ? {} : { stack }), ...(cause === undefined ? {} : { cause }) };
}
