/** Which tags a document may use. */
export type SchemaType = "failsafe" | "json" | "core" | "default" | "extended";

/** How a value of a tag is written. */
export type StyleVariant =
  | "lowercase"
  | "uppercase"
  | "camelcase"
  | "decimal"
  | "binary"
  | "octal"
  | "hexadecimal";

/** Options of {@linkcode parse} and {@linkcode parseAll}. */
export interface ParseOptions {
  /** @default {"default"} */
  schema?: SchemaType;
  /** Whether a later duplicate of a key wins; else it is an error. @default {false} */
  allowDuplicateKeys?: boolean;
  /** Called with each warning; without it warnings are dropped. */
  onWarning?(error: Error): void;
}

/** Options of {@linkcode stringify}. */
export interface StringifyOptions {
  /** Width of one level, in spaces. @default {2} */
  indent?: number;
  /** Whether the items of a sequence are indented below their key. @default {true} */
  arrayIndent?: boolean;
  /** Whether values without a YAML form are left out; else they are an error. @default {false} */
  skipInvalid?: boolean;
  /** The level from which flow style is used, −1 for never. @default {-1} */
  flowLevel?: number;
  /** Style by tag. */
  styles?: Record<string, StyleVariant>;
  /** @default {"default"} */
  schema?: SchemaType;
  /** Whether keys are sorted, or how. @default {false} */
  sortKeys?: boolean | ((a: string, b: string) => number);
  /** Width of a line, in characters; −1 for no limit. @default {80} */
  lineWidth?: number;
  /** Whether a value met twice becomes an anchor and an alias. @default {true} */
  useAnchors?: boolean;
  /** Whether the words that YAML 1.1 reads as booleans are quoted. @default {true} */
  compatMode?: boolean;
  /** Whether flow collections are written without spaces. @default {false} */
  condenseFlow?: boolean;
}

/** The value of a document. Throws a `SyntaxError` where it is not one valid document. */
export declare function parse(content: string, options?: ParseOptions): unknown;

/** The values of all documents of a stream. Throws a `SyntaxError` where one is invalid. */
export declare function parseAll(content: string, options?: ParseOptions): unknown;

/** The value as a YAML document. Throws a `TypeError` where a value has no YAML form. */
export declare function stringify(data: unknown, options?: StringifyOptions): string;
