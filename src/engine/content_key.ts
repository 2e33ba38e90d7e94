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
import { SerializationError } from "../errors.ts";
import type { Program, ProgramInput } from "../program.ts";
import { named, sourceHash } from "../results/fingerprint.ts";
import { parameterNames } from "../results/parameter_names.ts";

/** The hash of a function's source, which is made once. */
const SOURCES = new WeakMap<object, string>();

/** How many characters of a step's name its keys begin with. */
const NAME_LENGTH = 60;

/** A text of fewer characters is as short as a hash. */
const SHORT = 64;

/** What the keys of all steps of a workflow begin with, and what follows on them in order. */
export function keyRange(workflow: string): { readonly from: string; readonly to: string } {
  const scope = sha256Hex(workflow).slice(0, 16);
  return { from: `${scope} `, to: `${scope}!` };
}

/** A step whose arguments are there. */
export interface KeyedStep {
  /** Name of the workflow. */
  readonly workflow: string;
  /** What its keys begin with. */
  readonly scope: string;
  /** The graph of the run. */
  readonly program: Program;
  /** The step. */
  readonly place: number;
  /** Its options. */
  readonly options: AnyTaskOptions | undefined;
  /** Values by place. */
  readonly values: readonly unknown[];
  /** What tells the result of the step at a place from others, as {@linkcode contentOf} gives it. */
  readonly contentOf: (place: number) => string;
}

/**
 * The key of a step's result. Keys of steps with names that are next to each other are so too, because a store reads neighbours
 * quickly; what tells them apart is the hash at the end.
 *
 * @throws {SerializationError} If an argument has no canonical form, or the function no source to be read.
 * @throws {GraphError} If an argument is a part of a result that it does not have.
 */
export function stepKey(step: KeyedStep): string {
  const { workflow, scope, program, place, options, values } = step;
  const { version, seed } = options ?? {};
  const func = program.calls[place]!;
  const source = version === undefined ? sourceOf(func) : sourceHash(func, version);
  const inputs = program.inputsAt(place);
  const args = inputs.some(({ kind }) => kind === "parts") ? program.argumentsAt(place, values) : [];
  const hashes: string[] = [];
  for (const [i, input] of inputs.entries()) {
    try {
      hashes.push(hashOf(input, args[i], step));
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      named(parameterNames(func)[i] ?? `argument ${i + 1}`, () => {
        throw error;
      });
    }
  }
  const name = program.graph.names.at(place);
  const made = JSON.stringify([
    "fusewire/cached/1",
    workflow,
    name,
    source,
    version ?? null,
    seed ?? null,
    hashes,
  ]);
  return `${scope}${encodeURIComponent(name).slice(0, NAME_LENGTH)} ${sha256Hex(made)}`;
}

function hashOf(input: ProgramInput, arg: unknown, step: KeyedStep): string {
  switch (input.kind) {
    case "constant":
      return contentOf(input.value);
    case "node":
      return step.contentOf(input.place);
    case "parts":
      return contentOf(arg);
  }
}

/**
 * What tells a value from every other one: a few characters for what has as few, else its content hash. A hash of a number takes longer
 * than to add it.
 *
 * @throws {SerializationError} If it has no canonical form.
 */
export function contentOf(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
      return String(value);
    case "string":
      if (value.length < SHORT) return `"${value}`;
      break;
    case "object":
      if (value === null) return "null";
      break;
    default:
      break;
  }
  return contentHash(value);
}

function sourceOf(func: (...args: never[]) => unknown): string {
  let source = SOURCES.get(func);
  if (source === undefined) SOURCES.set(func, source = sourceHash(func, undefined));
  return source;
}
