/**
 * Whose code started something, for messages.
 *
 * @module
 */
import { modulesOf } from "../code_origin.ts";

/** Where the code of this package lies. */
const OWN = new URL("../", import.meta.url).href;

/** The innermost module of the user in the stack of an error. */
export function starterOf(error: Error): string {
  return modulesOf(error.stack ?? "").find((module) => !module.startsWith(OWN)) ?? "a module";
}
