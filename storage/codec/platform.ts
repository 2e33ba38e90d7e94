/**
 * Parts of the platform that are loaded when they are first needed: the first static import of a `node:` module costs
 * 27 ms, which everyone who imports the package would pay.
 *
 * @module
 */

// deno-lint-ignore no-process-global
const builtin: typeof process.getBuiltinModule = (id: string) => process.getBuiltinModule(id);

let util: typeof import("node:util") | undefined;
let buffer: typeof import("node:buffer") | undefined;

/** Whether an object is a Proxy, which nothing in the language tells. */
export function isProxy(value: object): boolean {
  util ??= builtin("node:util");
  return util.types.isProxy(value);
}

/** Shows a value as text. */
export function inspect(value: unknown, options: import("node:util").InspectOptions): string {
  util ??= builtin("node:util");
  return util.inspect(value, options);
}

/** The class `Buffer`. It also makes strings of bytes six times as fast as `TextDecoder`. */
export function bufferClass(): typeof import("node:buffer").Buffer {
  buffer ??= builtin("node:buffer");
  return buffer.Buffer;
}
