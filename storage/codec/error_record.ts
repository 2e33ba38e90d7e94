/**
 * What is kept of an error: the built-in class it belongs to and its own properties.
 *
 * @module
 */

/** A class of errors that is built into the platform. */
export interface ErrorClass {
  /** Name of the class. */
  readonly name: string;
  /** What its instances inherit from. */
  readonly prototype: Error;
  /** Makes an error without any property of its own but those that every instance gets. */
  readonly make: () => Error;
}

/** The position of a class in this list is stored: append only. */
export const ERROR_CLASSES: readonly ErrorClass[] = [
  { name: "Error", prototype: Error.prototype, make: () => new Error() },
  { name: "EvalError", prototype: EvalError.prototype, make: () => new EvalError() },
  { name: "RangeError", prototype: RangeError.prototype, make: () => new RangeError() },
  { name: "ReferenceError", prototype: ReferenceError.prototype, make: () => new ReferenceError() },
  { name: "SyntaxError", prototype: SyntaxError.prototype, make: () => new SyntaxError() },
  { name: "TypeError", prototype: TypeError.prototype, make: () => new TypeError() },
  { name: "URIError", prototype: URIError.prototype, make: () => new URIError() },
  { name: "AggregateError", prototype: AggregateError.prototype, make: () => new AggregateError([]) },
  {
    name: "SuppressedError",
    prototype: SuppressedError.prototype,
    make: () => new SuppressedError(undefined, undefined),
  },
];

const CLASS_NUMBERS: ReadonlyMap<object | null, number> = new Map(
  ERROR_CLASSES.map(({ prototype }, number) => [prototype, number]),
);

/** Properties that matter though they are not enumerable. */
const HIDDEN_FIELDS = ["message", "stack", "cause", "errors", "error", "suppressed", "name"] as const;

/** Position in {@linkcode ERROR_CLASSES} of the class that an error is an instance of, directly or by inheritance. */
export function errorClassOf(error: Error): number {
  for (let prototype = Object.getPrototypeOf(error);; prototype = Object.getPrototypeOf(prototype)) {
    const number = CLASS_NUMBERS.get(prototype);
    if (number !== undefined) return number;
  }
}

/**
 * The properties of an error that are kept. The stack differs from call to call, so a canonical form has none; one
 * that is not text (`Error.prepareStackTrace` can make it anything) is never kept.
 */
export function errorFields(error: Error, classNumber: number, canonical: boolean): string[] {
  const fields: string[] = HIDDEN_FIELDS.filter((key) =>
    Object.hasOwn(error, key) && (key !== "stack" || (!canonical && typeof error.stack === "string"))
  );
  const builtIn = error instanceof DOMException ? error.name : ERROR_CLASSES[classNumber]?.prototype.name;
  if (!fields.includes("name") && error.name !== builtIn) fields.push("name");
  const known = new Set<string>(HIDDEN_FIELDS);
  for (const key of Object.keys(error)) if (!known.has(key)) fields.push(key);
  return canonical ? fields.sort() : fields;
}

/** Takes away what a new error has by itself, so that it gets only what was kept. */
export function clearError(error: Error): void {
  for (const key of HIDDEN_FIELDS) Reflect.deleteProperty(error, key);
}

/** Gives an error one property that was kept. */
export function defineErrorField(error: Error, key: string, enumerable: boolean, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}
