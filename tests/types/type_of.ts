/**
 * Exact-type assertions: they hold, or the file does not compile.
 *
 * @module
 */
import type { Same } from "@fusewire/fusewire";

/** What can be asserted of a type. */
export interface TypeAssertion<Actual> {
  /** Compiles only if the two types are the same: not just assignable to each other, `any` equal to nothing but itself. */
  is<Expected>(...proof: Same<Actual, Expected> extends true ? [] : ["the types differ", Actual, Expected]): void;
}

/** The type of a value, or of the type argument. */
export function typeOf<Actual>(_value?: Actual): TypeAssertion<Actual> {
  return { is: () => {} };
}

/** Code that must not compile, marked line by line with `@ts-expect-error`. It is never run. */
export function refused(_code: () => void): void {}
