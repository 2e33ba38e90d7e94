/** Stand-in for `@std/yaml`: the real code as npm `deno-std` carries it, with types for the part we use. @module */

// @ts-types="./types.d.ts"
export { parse, parseAll, stringify } from "npm:deno-std@1.4.0/yaml/mod.js";

export type { ParseOptions, SchemaType, StringifyOptions, StyleVariant } from "./types.d.ts";
