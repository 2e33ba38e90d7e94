/**
 * Options of exports and imports.
 *
 * @module
 */

/**
 * What to leave out of an exported input: paths such as `"user.password"`, where `*` stands for every key or index, or a function that is
 * asked about every part. What is left out is replaced by the text `[redacted]`, with all that is inside.
 */
export type Redact = readonly string[] | ((path: string, value: unknown) => boolean);

/** Options of {@linkcode Runtime.export}. */
export interface ExportOptions {
  /**
   * What to leave out of the input. Every other text of the input that has a redacted text of four characters or more in it is left out too.
   * A path that the input does not have is an error, so that a slip of the pen leaks nothing. Results, errors and events are not searched:
   * see `redactResults`. Default: nothing.
   */
  readonly redact?: Redact;
  /** Names of steps, as a glob or `RegExp`, whose results and errors are left out. Default: none. */
  readonly redactResults?: string | RegExp;
}

/** Options of {@linkcode Runtime.import}. */
export interface ImportOptions {
  /** Id of the run here. Default: the one that it had. */
  readonly id?: string;
  /** The most bytes that are unpacked; a file that has more is refused. @default {4294967296} */
  readonly maxBytes?: number;
}
