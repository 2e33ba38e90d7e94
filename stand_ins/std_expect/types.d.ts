// deno-lint-ignore-file no-explicit-any ban-types -- these are the types of the real package

/** The same matchers, each answering a promise. */
export type Async<T> = {
  [K in keyof T]: T[K] extends (...args: any[]) => unknown ? (...args: Parameters<T[K]>) => Promise<ReturnType<T[K]>>
    : T[K];
};

/** Stands in an expected value for every value it equals. */
export interface AsymmetricMatcher {
  value: unknown;
  inverse: boolean;
  equals(other: unknown): boolean;
}

/** The matchers of one expectation. */
export interface Expected<IsAsync = false> {
  /** Turns the next matcher round. */
  not: IsAsync extends true ? Async<Expected<true>> : Expected<false>;
  /** Matches what the promise resolves to; await the matcher. */
  resolves: Async<Expected<true>>;
  /** Matches what the promise is rejected with; await the matcher. */
  rejects: Async<Expected<true>>;

  toBe(expected: unknown): void;
  toBeCloseTo(candidate: number, tolerance?: number): void;
  toBeDefined(): void;
  toBeFalsy(): void;
  toBeGreaterThan(expected: number): void;
  toBeGreaterThanOrEqual(expected: number): void;
  toBeInstanceOf<T extends new (...args: any[]) => any>(expected: T): void;
  toBeLessThan(expected: number): void;
  toBeLessThanOrEqual(expected: number): void;
  toBeNaN(): void;
  toBeNull(): void;
  toBeTruthy(): void;
  toBeUndefined(): void;
  toContain(expected: unknown): void;
  toContainEqual(expected: unknown): void;
  toEqual(expected: unknown): void;
  toHaveLength(expected: number): void;
  toHaveProperty(propName: string | string[], value?: unknown): void;
  toMatch(expected: RegExp): void;
  toMatchObject(expected: Record<PropertyKey, unknown> | Record<PropertyKey, unknown>[]): void;
  toStrictEqual(candidate: unknown): void;
  toThrow<E extends Error = Error>(expected?: string | RegExp | E | (new (...args: any[]) => E)): void;

  toHaveBeenCalled(): void;
  toHaveBeenCalledTimes(expected: number): void;
  toHaveBeenCalledWith(...expected: unknown[]): void;
  toHaveBeenLastCalledWith(...expected: unknown[]): void;
  toHaveBeenNthCalledWith(nth: number, ...expected: unknown[]): void;
  toHaveReturned(): void;
  toHaveReturnedTimes(expected: number): void;
  toHaveReturnedWith(expected: unknown): void;
  toHaveLastReturnedWith(expected: unknown): void;
  toHaveNthReturnedWith(nth: number, expected: unknown): void;

  /** Matchers added by `expect.extend`. */
  [name: string]: unknown;
}

/** An expectation about a value; `customMessage` leads the message of the failure. */
export declare function expect<T extends Expected = Expected>(value: unknown, customMessage?: string): T;

export declare namespace expect {
  /** Equals everything but `null` and `undefined`. */
  function anything(): AsymmetricMatcher;
  /** Equals every instance of a class, and every primitive of its kind. */
  function any(c: unknown): AsymmetricMatcher;
  /** Equals an array that holds all these items. */
  function arrayContaining(c: any[]): AsymmetricMatcher;
  /** Equals a number this near, to `numDigits` decimal digits. */
  function closeTo(num: number, numDigits?: number): AsymmetricMatcher;
  /** Equals an object that has these properties. */
  function objectContaining(obj: Record<string, unknown>): AsymmetricMatcher;
  /** Equals a string that holds this one. */
  function stringContaining(str: string): AsymmetricMatcher;
  /** Equals a string that matches. */
  function stringMatching(pattern: string | RegExp): AsymmetricMatcher;

  /** The matchers above, turned round. */
  const not: {
    arrayContaining(c: any[]): AsymmetricMatcher;
    objectContaining(obj: Record<string, unknown>): AsymmetricMatcher;
    stringContaining(str: string): AsymmetricMatcher;
    stringMatching(pattern: string | RegExp): AsymmetricMatcher;
  };
}

/** A function that records its calls, and answers as the stubs do: one for all calls, or the nth for the nth. */
export declare function fn(...stubs: Function[]): Function;
