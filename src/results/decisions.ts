/**
 * Decisions: from what is stored, and what the graph looks like now, to what happens to each node. A pure function; `plan()`
 * shows its answer, and a run follows it.
 *
 * @module
 */
import {
  callChanges,
  type CallPrint,
  constantPrint,
  type Fingerprint,
  inputChange,
  type InputPrint,
  partsHash,
  sourceHash,
} from "./fingerprint.ts";
import { SerializationError } from "../errors.ts";
import type { AnyTaskOptions, CacheMode } from "../options.ts";
import { parameterNames } from "./parameter_names.ts";
import { leaveUnneeded } from "./needed.ts";
import type { PlanAction, PlanReason, UncachedCause } from "./plan.ts";
import type { Program, ProgramInput } from "../program.ts";
import type { AnyFunction } from "../ref.ts";
import { onCondition } from "./uncertain.ts";

/** What is recorded with a stored result. */
export interface ResultMeta {
  /** What it was made from, if that has a canonical form. */
  readonly made?: Fingerprint;
  /** Why it has none. */
  readonly uncacheable?: string;
  /** Content hash of the result, if it has a canonical form. */
  readonly content?: string;
}

/** A stored result, as far as it is known without reading its value. */
export interface StoredHeader {
  /** What is recorded with it. */
  readonly meta: ResultMeta;
  /** What is wrong with it, if anything. */
  readonly damaged?: string;
}

/** All that decides what happens to the nodes of one workflow. */
export interface DecisionSetup {
  /** The graph, made flat. */
  readonly program: Program;
  /** When a stored result stands for a new one, for nodes without an option of their own. */
  readonly cache: CacheMode;
  /** Options of a node. */
  readonly optionsAt: (place: number) => AnyTaskOptions | undefined;
  /** Whether a node always runs and is never stored. */
  readonly isLogged: (place: number) => boolean;
  /** The function that a node calls, replaced or not. */
  readonly funcAt: (place: number) => AnyFunction;
  /** Whether every node without readers has to be there at the end, and not only the targets. */
  readonly wholeGraph: boolean;
}

/** What happens to one node. */
export interface Decision {
  /** As a plan shows it. */
  readonly action: PlanAction;
  /** Why. */
  readonly reasons: readonly PlanReason[];
  /** Whether a valid result is stored, although the node may have no part in the run. */
  readonly stored: boolean;
}

/** Why a node is not looked up at all, or `undefined` if it is. */
export function uncachedCause(setup: DecisionSetup, place: number): UncachedCause | undefined {
  const { kind } = setup.program.graph.members[place]!.site.task;
  if (kind !== "function") return kind === "control" ? "control" : "instance";
  if (setup.isLogged(place)) return "logged";
  return cacheOf(setup, place) === false ? "cache-off" : undefined;
}

function taskAt(setup: DecisionSetup, place: number): string {
  return setup.program.graph.members[place]!.site.task.base;
}

/** When a stored result of this node stands for a new one. */
export function cacheOf(setup: DecisionSetup, place: number): CacheMode {
  return setup.optionsAt(place)?.cache ?? setup.cache;
}

/**
 * Source, version and seed of the node's function.
 *
 * @throws {SerializationError} If the source can not be read and no version stands for it.
 */
export function callPrint(setup: DecisionSetup, place: number): CallPrint {
  const { version, seed } = setup.optionsAt(place) ?? {};
  return {
    source: sourceHash(setup.funcAt(place), version),
    version: version ?? "",
    seed: seed === undefined ? "" : JSON.stringify(seed),
  };
}

/** Decides about every node, in topological order. `headerOf` gives what is stored; `undefined` as a whole without a storage. */
export function decide(
  setup: DecisionSetup,
  headerOf: ((place: number) => StoredHeader | undefined) | undefined,
): Decision[] {
  const { size } = setup.program.graph;
  const decisions: Decision[] = [];
  const uncertain = new Uint8Array(size);
  for (let place = 0; place < size; place++) {
    const own = headerOf === undefined
      ? undecided("run", { kind: "uncached", because: "no-storage" })
      : decideOne(setup, place, headerOf, decisions);
    const isSettled = own.action === "stored" && cacheOf(setup, place) === "name";
    decisions.push(isSettled ? own : onCondition(setup, place, own, decisions, uncertain));
  }
  leaveUnneeded(setup, decisions, headerOf !== undefined);
  return decisions;
}

function undecided(action: PlanAction, ...reasons: PlanReason[]): Decision {
  return { action, reasons, stored: action === "stored" };
}

function decideOne(
  setup: DecisionSetup,
  place: number,
  headerOf: (place: number) => StoredHeader | undefined,
  decisions: readonly Decision[],
): Decision {
  const because = uncachedCause(setup, place);
  if (because !== undefined) return undecided("run", { kind: "uncached", because });
  const header = headerOf(place);
  if (header === undefined) return undecided("run", { kind: "missing" });
  if (header.damaged !== undefined) return undecided("stale", { kind: "damaged", detail: header.damaged });
  if (cacheOf(setup, place) === "name") return undecided("stored", { kind: "stored" });
  const { made, uncacheable } = header.meta;
  if (uncacheable !== undefined) {
    return undecided("stale", { kind: "uncacheable", detail: uncacheable.replace(/\.$/, "") });
  }
  if (made === undefined) return undecided("stale", { kind: "no-fingerprint" });
  try {
    return compare(setup, place, made, headerOf, decisions);
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    return undecided("stale", { kind: "uncacheable", detail: error.message.replace(/\.$/, "") });
  }
}

/** Holds a stored fingerprint against what can be told of the call before it is made. */
function compare(
  setup: DecisionSetup,
  place: number,
  made: Fingerprint,
  headerOf: (place: number) => StoredHeader | undefined,
  decisions: readonly Decision[],
): Decision {
  const { program } = setup;
  const changes: PlanReason[] = callChanges(taskAt(setup, place), made, callPrint(setup, place));
  const inputs = program.inputsAt(place);
  const names = parameterNames(setup.funcAt(place));
  if (inputs.length !== made.inputs.length) {
    const [from, to] = [String(made.inputs.length), String(inputs.length)];
    changes.push({ kind: "input-changed", input: "number of arguments", from, to });
    return undecided("stale", ...changes);
  }
  const upstream = new Map<number, PlanReason>();
  const hashOf = (of: number): string | undefined => {
    const { action } = decisions[of]!;
    if (action === "stored") return headerOf(of)?.meta.content;
    if (action !== "unneeded") upstream.set(of, { kind: "upstream", node: program.graph.names.at(of), action });
    return undefined;
  };
  const unsure = (of: number): void => {
    if (upstream.has(of)) return;
    const node = program.graph.names.at(of);
    upstream.set(of, { kind: hashOf(of) === undefined ? "unrecorded" : "part-changed", node });
  };
  inputs.forEach((input, i) =>
    compareInput(input, names[i] ?? `argument ${i + 1}`, made.inputs[i]!, { changes, hashOf, unsure })
  );
  if (changes.length > 0) return undecided("stale", ...changes);
  return upstream.size > 0
    ? { action: "maybe", reasons: [...upstream.values()], stored: false }
    : undecided("stored", { kind: "stored" });
}

function compareInput(
  input: ProgramInput,
  name: string,
  before: InputPrint,
  to: {
    readonly changes: PlanReason[];
    readonly hashOf: (place: number) => string | undefined;
    readonly unsure: (place: number) => void;
  },
): void {
  switch (input.kind) {
    case "constant": {
      const now = constantPrint(name, input.value);
      if (now.hash !== before.hash) to.changes.push(inputChange(before, now));
      return;
    }
    case "node": {
      const hash = to.hashOf(input.place);
      if (hash === undefined) to.unsure(input.place);
      else if (hash !== before.hash) to.changes.push(inputChange(before, { name }));
      return;
    }
    case "parts": {
      const via = partsHash(input, to.hashOf);
      if (via === before.via && via !== undefined) return;
      // As long as one result is not known, nothing can be said of those that are.
      input.places.filter((of) => via !== undefined || to.hashOf(of) === undefined).forEach(to.unsure);
    }
  }
}
