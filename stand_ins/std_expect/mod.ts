/** Stand-in for `@std/expect`: the real code as npm `deno-std` carries it, with types for the part we use. @module */

// @ts-types="./types.d.ts"
export { expect, fn } from "npm:deno-std@1.4.0/expect/mod.js";

export type { AsymmetricMatcher, Async, Expected } from "./types.d.ts";
