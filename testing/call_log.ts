/**
 * Every call that a simulation makes of what the user wraps, and the rules that hold of them.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { context } from "../src/context.ts";
import type { Executable } from "../src/engine/executable.ts";
import type { Program } from "../src/program.ts";
import { decode } from "../storage/codec/structured.ts";
import type { SimulatedProcess } from "./simulated_process.ts";
import type { SimulatedWorld } from "./simulated_world.ts";
import type { StoredRun } from "./stored_run.ts";
import { processOf, type StoredRuns } from "./stored_runs.ts";

/** One call. */
export interface LoggedCall {
  /** Where it was made. */
  readonly process: string;
  /** Of which step. */
  readonly place: number;
  /** Number of the attempt. */
  readonly attempt: number;
  /** What `context().fence` was. */
  readonly fence: bigint;
  /** When, in milliseconds of the world. */
  readonly at: number;
}

/** A call that may not have ended. */
interface AtWork extends LoggedCall {
  /** Of which run. */
  readonly run: StoredRun;
}

/** How often a call takes time, and is exposed to faults before and after it. */
const TAKES_TIME = 0.6;

/** The calls of a simulation. */
export class CallLog {
  readonly #calls = new Map<string, LoggedCall[]>();
  readonly #faults = new Map<string, number[]>();
  /** The executables of each process. A definition can have runs of itself, so that they are made once. */
  readonly #logs = new WeakMap<SimulatedProcess, WeakMap<Executable, Executable>>();
  /** Calls that need a slot, by the key of what is shared. */
  readonly #atWork = new Map<string, Set<AtWork>>();

  /** Looks at `stored` for what is committed. */
  constructor(readonly world: SimulatedWorld, readonly stored: StoredRuns) {
    world.onFault((process) => this.disturb(process));
  }

  /** Something happens to a process now that may keep calls from being committed. */
  disturb(process: string): void {
    const now = this.world.clock.now();
    const times = this.#faults.get(process);
    if (times === undefined) this.#faults.set(process, [now]);
    else times.push(now);
  }

  /** The calls of a run, in order. */
  callsOf(runId: string): readonly LoggedCall[] {
    return this.#calls.get(runId) ?? [];
  }

  /** Whether something went wrong with a process from one time to another. */
  wasDisturbed(process: string, from: number, to: number): boolean {
    return (this.#faults.get(process) ?? []).some((at) => at >= from && at <= to);
  }

  /** The same executable, whose calls are in the log, and those of the runs that its steps wait for. */
  logged(executable: Executable, process: SimulatedProcess): Executable {
    let known = this.#logs.get(process);
    if (known === undefined) this.#logs.set(process, known = new WeakMap());
    let logged = known.get(executable);
    if (logged !== undefined) return logged;
    logged = {
      ...executable,
      programFor: (input) => this.#logged(executable, executable.programFor(input), process),
      children: executable.children.map((child) => ({
        ...child,
        executable: () => this.logged(child.executable(), process),
      })),
      childAt: (place) => this.logged(executable.childAt(place), process),
      ofRun: (run) => this.logged(executable.ofRun(run), process),
    };
    known.set(executable, logged);
    return logged;
  }

  #logged(executable: Executable, program: Program, process: SimulatedProcess): Program {
    const calls = program.calls.map((call, place) => (...args: unknown[]): unknown => {
      const attempt = context();
      const { runId } = attempt;
      let end: (() => void) | undefined;
      const begin = (): unknown => {
        if (process.alive) end = this.#begin(executable, program, process, place, args);
        return Reflect.apply(call, undefined, args);
      };
      if (process.chance.next() >= TAKES_TIME) {
        try {
          return begin();
        } finally {
          end?.();
        }
      }
      const pause = (): Promise<unknown> => process.kv.get(["call", runId, place]).catch(() => undefined);
      return pause().then(begin).finally(() => pause().then(() => end?.()));
    });
    const argumentsAt = (place: number, values: readonly unknown[]): unknown[] => program.argumentsAt(place, values);
    return Object.create(program, { calls: { value: calls }, argumentsAt: { value: argumentsAt } });
  }

  /** The function of a step is about to be called, and whatever it does to the world is done. What is given back tells of its end. */
  #begin(
    executable: Executable,
    program: Program,
    { name }: SimulatedProcess,
    place: number,
    args: unknown[],
  ): (() => void) | undefined {
    const { runId, attempt, fence } = context();
    const run = this.stored.run(runId);
    const node = program.graph.names.at(place);
    this.world.note(name, `calls ${node} of ${runId}, attempt ${attempt}, fence ${fence}`);
    const fail = (what: string): void =>
      this.world.fail(new Error(`${name} called step ${place} (\`${node}\`) of run ${runId}, ${what}.`));
    const ofObject = executable.makers[place]! >= 0;
    const isOver = run.steps[place]?.status === "SUCCEEDED";
    if (ofObject && isOver) return undefined;
    const holds = processOf(run.head?.o) === name && run.head?.f === fence >> 32n;
    if (isOver && holds) fail("whose result is committed, although it holds the run");
    // What the user said, and not what the engine made of it.
    if (ofObject || executable.optionsAt(place)?.pure !== true) {
      const problem = inputProblem(run, executable, program, place, args);
      if (problem !== undefined) fail(problem);
    }
    let calls = this.#calls.get(runId);
    if (calls === undefined) this.#calls.set(runId, calls = []);
    const before = calls.filter((call) => call.place === place);
    for (const earlier of before) {
      if (earlier.fence === fence) fail(`with the fence of an earlier call, ${fence}`);
      if (holds && earlier.fence > fence) fail(`with a fence below that of an earlier call, ${earlier.fence}`);
    }
    const call = { process: name, run, place, attempt, fence, at: this.world.clock.now() };
    calls.push(call);
    const limit = executable.optionsAt(place)?.concurrency;
    if (limit === undefined) return undefined;
    const atWork = [...this.#atWork.get(limit.key) ?? []].filter((call) => this.#isHeld(call));
    this.#atWork.set(limit.key, new Set([...atWork, call]));
    if (this.#isHeld(call) && atWork.length >= limit.limit) {
      fail(`while ${atWork.length} steps with the concurrency key \`${limit.key}\` are at work`);
    }
    return () => this.#atWork.get(limit.key)?.delete(call);
  }

  /** Whether the process that made a call holds the run, and others have not ended its session. */
  #isHeld({ run: { head }, process, fence }: AtWork): boolean {
    return processOf(head?.o) === process && head?.f === fence >> 32n && this.stored.alive.has(head.o ?? "");
  }
}

/** Why what a step is called with is not what is committed, if it is not. */
function inputProblem(
  run: StoredRun,
  executable: Executable,
  program: Program,
  place: number,
  args: unknown[],
): string | undefined {
  const { start, list } = executable.shape.parents;
  for (const parent of list.subarray(start[place], start[place + 1])) {
    const status = run.steps[parent]?.status;
    if (status !== "SUCCEEDED") return `which is not pure, while its parent ${parent} is ${status} in the store`;
  }
  const values: unknown[] = [];
  let isKnown = true;
  program.forEachRead(place, (of) => {
    const value = run.values.get(of);
    if (value instanceof Uint8Array) values[of] = decode(new Uint8Array(value));
    else isKnown = false;
  });
  if (!isKnown) return undefined;
  if (isDeepStrictEqual(args, program.argumentsAt(place, values))) return undefined;
  return "which is not pure, with something else than what is committed";
}
