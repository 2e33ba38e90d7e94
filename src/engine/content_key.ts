/**
 * The keys of the content cache of durable runs: what a step's result is made from, as one hash.
 *
 * A key has the names of workflow and node in it, as a stored result of a run in process lies under them. What a function is, is not
 * only its source: a closure has values that nobody can see, and `context().random()` goes by these names. So a result is taken for that
 * of the same step of another run, and never for that of another step whose source happens to read the same.
 *
 * @module
 */
import { contentHash } from "../../storage/codec/content_hash.ts";
import { sha256Hex } from "../../storage/digest.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Program } from "../program.ts";
import { named, sourceHash } from "../results/fingerprint.ts";
import { parameterNames } from "../results/parameter_names.ts";

/** The hash of a function's source, which is made once. */
const SOURCES = new WeakMap<object, string>();

/** A step whose arguments are there. */
export interface KeyedStep {
  /** Name of the workflow. */
  readonly workflow: string;
  /** The graph of the run. */
  readonly program: Program;
  /** The step. */
  readonly place: number;
  /** Its options. */
  readonly options: AnyTaskOptions | undefined;
  /** Values by place. */
  readonly values: readonly unknown[];
  /** The content hash of the result of the step at a place. */
  readonly contentOf: (place: number) => string;
}

/**
 * The key of a step's result.
 *
 * @throws {SerializationError} If an argument has no canonical form, or the function no source to be read.
 * @throws {GraphError} If an argument is a part of a result that it does not have.
 */
export function stepKey({ workflow, program, place, options, values, contentOf }: KeyedStep): string {
  const { version, seed } = options ?? {};
  const func = program.calls[place]!;
  const source = version === undefined ? sourceOf(func) : sourceHash(func, version);
  const inputs = program.inputsAt(place);
  const args = inputs.some(({ kind }) => kind === "parts") ? program.argumentsAt(place, values) : [];
  const hashes = inputs.map((input, i) =>
    named(parameterNames(func)[i] ?? `argument ${i + 1}`, () => {
      switch (input.kind) {
        case "constant":
          return contentHash(input.value);
        case "node":
          return contentOf(input.place);
        case "parts":
          return contentHash(args[i]);
      }
    })
  );
  return sha256Hex(
    JSON.stringify([
      "fusewire/cached/1",
      workflow,
      program.graph.names.at(place),
      source,
      version ?? null,
      seed ?? null,
      hashes,
    ]),
  );
}

function sourceOf(func: (...args: never[]) => unknown): string {
  let source = SOURCES.get(func);
  if (source === undefined) SOURCES.set(func, source = sourceHash(func, undefined));
  return source;
}
