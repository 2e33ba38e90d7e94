/**
 * What the environment says, where it may be read.
 *
 * @module
 */

/** The value of a variable; `undefined` if it is not set, is empty, or may not be read. */
export function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The value of the first of these variables that has one. */
export function firstVariable(...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = variable(name);
    if (value !== undefined) return value;
  }
  return undefined;
}
