/**
 * Standard Schema version 1 (standardschema.dev), as far as it is needed: what zod, valibot and arktype offer.
 *
 * @module
 */

/** A schema of any library that follows the standard. */
export interface StandardSchema<in out I = unknown, out O = I> {
  /** The standard's property. */
  readonly "~standard": {
    /** Version of the standard. */
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Types only. */
    readonly types?: {
      /** What goes in. */
      readonly input: I;
      /** What comes out. */
      readonly output: O;
    } | undefined;
  };
}

/** A schema of which only matters what comes out. */
export interface OutputSchema<out O> {
  /** The standard's property. */
  readonly "~standard": {
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Types only. */
    readonly types?: {
      /** What comes out. */
      readonly output: O;
    } | undefined;
  };
}

/** A schema whose types do not matter. */
export interface AnySchema {
  /** The standard's property. */
  readonly "~standard": {
    /** Checks a value. */
    readonly validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
  };
}

/** Outcome of a validation. */
export type SchemaResult<O> = {
  /** The value, as the schema gives it back. */
  readonly value: O;
  /** Absent on success. */
  readonly issues?: undefined;
} | {
  /** What is wrong. */
  readonly issues: ReadonlyArray<SchemaIssue>;
};

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** An issue with its place, in a few words. */
export function issueText({ message, path }: SchemaIssue): string {
  if (path === undefined || path.length === 0) return message;
  return `${path.map((part) => String(typeof part === "object" ? part.key : part)).join(".")}: ${message}`;
}
