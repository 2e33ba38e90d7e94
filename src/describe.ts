/**
 * Values in error messages.
 *
 * @module
 */

/** A few words that name a value in an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return value.length > 40
        ? `the string ${JSON.stringify(value.slice(0, 40))}…`
        : `the string ${JSON.stringify(value)}`;
    case "function":
      return value.name === "" ? "a function" : `the function \`${value.name}\``;
    case "object": {
      const maker: unknown = value.constructor;
      return Array.isArray(value)
        ? `an array of ${value.length}`
        : typeof maker === "function"
        ? `an object of class ${maker.name}`
        : "an object";
    }
    default:
      return `the ${typeof value} ${String(value)}`;
  }
}
