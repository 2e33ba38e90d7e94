/** Stand-in for `@std/path`: the real code as npm `deno-std` carries it, with types for the part we use. @module */

// @ts-types="./types.d.ts"
export {
  basename,
  dirname,
  extname,
  fromFileUrl,
  isAbsolute,
  join,
  normalize,
  relative,
  resolve,
  SEPARATOR,
  SEPARATOR_PATTERN,
  toFileUrl,
} from "npm:deno-std@1.4.0/path/mod.js";
