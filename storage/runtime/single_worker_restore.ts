/**
 * Rebuilds a run from what a plain store has of it.
 *
 * @module
 */
import { ConfigError, type ErrorRecord } from "../../src/errors.ts";
import { isFinal, type Status } from "../../src/status.ts";
import { concatChunks, encode } from "../codec/structured.ts";
import type { NewRun, RunRecord, StepRecord, StoredValue } from "./records.ts";
import type { RuntimeStorage } from "./runtime_storage.ts";
import { isPlainObject, isWrapped, plainInputs } from "./single_worker_mirror.ts";

/** How many steps are asked for at once. */
const AT_ONCE = 32;

/** A run as its states and results tell. */
export interface RestoredRun {
  /** What is known of it. */
  readonly record: RunRecord;
  /** Its steps, by place. */
  readonly records: readonly StepRecord[];
  /** The values of steps that have one. */
  readonly values: ReadonlyMap<number, StoredValue>;
}

/**
 * Rebuilds a run that the store knows.
 *
 * @param run What it is started with again.
 * @throws {ConfigError} If it has other steps in the store.
 */
export async function restoredRun(plain: RuntimeStorage, run: NewRun, steps: readonly string[]): Promise<RestoredRun> {
  const states: Status[] = [];
  const values = new Map<number, StoredValue>();
  for (let at = 0; at < steps.length; at += AT_ONCE) {
    await Promise.all(
      steps.slice(at, at + AT_ONCE).map(async (step, i) => {
        const place = at + i;
        const state = await plain.getState(run.workflow, run.id, step);
        if (state === null) throw changed(run, step);
        states[place] = state;
        const value = await valueOf(plain, run, step, state);
        if (value !== undefined) values.set(place, value);
      }),
    );
  }
  const records = states.map((status) => recordOf(status, run.createdAt));
  const isTouched = states.some((state) => state !== "PENDING");
  const input = await restoredInput(plain, run);
  return { record: runRecord({ ...run, input }, states, isTouched), records, values };
}

/**
 * All steps have ended well: so has the run. Some were cancelled, although none failed: the run was. In every other case the worker
 * finds out, since it knows how the steps hang together.
 */
function finalStatus(states: readonly Status[]): Status | undefined {
  if (!states.every(isFinal)) return undefined;
  if (states.every((state) => state === "SUCCEEDED")) return "SUCCEEDED";
  return states.includes("CANCELLED") && !states.includes("FAILED") ? "CANCELLED" : undefined;
}

function runRecord(run: NewRun, states: readonly Status[], isTouched: boolean): RunRecord {
  const ended = finalStatus(states);
  return {
    ...run,
    status: ended ?? (isTouched ? "RUNNING" : "PENDING"),
    // The claims before the restart were not counted; there was less than one a millisecond.
    fence: BigInt(Math.max(0, Math.floor(run.createdAt))),
    parked: false,
    reopened: false,
    ...(ended === undefined ? {} : { endedAt: run.createdAt }),
    ...(!isTouched && run.dueAt > run.createdAt ? { wakeAt: run.dueAt } : {}),
  };
}

/** What is known of a step. Nobody knows when it was at work; `now` stands for it, so that an end is never missing. */
function recordOf(status: Status, now: number): StepRecord {
  const untouched: StepRecord = { status: "PENDING", attempt: 0, losses: 0, startedAt: 0, endedAt: 0, wakeAt: 0 };
  if (status === "PENDING") return untouched;
  if (status === "RUNNING") return { ...untouched, losses: 1 };
  const wasRun = status === "SUCCEEDED" || status === "FAILED";
  return { ...untouched, status, attempt: wasRun ? 1 : 0, startedAt: wasRun ? now : 0, endedAt: now };
}

async function valueOf(
  plain: RuntimeStorage,
  run: NewRun,
  step: string,
  state: Status,
): Promise<StoredValue | undefined> {
  if (state === "SUCCEEDED") return bytesOf(await plain.getResult(run.workflow, run.id, step));
  if (state !== "FAILED" && state !== "SKIPPED") return undefined;
  const error = await plain.getResult(run.workflow, run.id, step);
  if (isErrorRecord(error)) return { kind: "error", error };
  if (state === "SKIPPED") return undefined;
  const message = "The step failed in an earlier process, and the runtime storage does not tell why.";
  return { kind: "error", error: { name: "Error", message } };
}

async function restoredInput(plain: RuntimeStorage, run: NewRun): Promise<StoredValue> {
  const kept = await plain.getInputs(run.workflow, run.id);
  const given = plainInputs(run.input);
  if (Object.keys(kept).length === 0) {
    // The process may have ended between the making of the run and the keeping of its inputs.
    if (given !== undefined) await plain.setInputs(run.workflow, run.id, given);
    return run.input;
  }
  return bytesOf(isWrapped(run.input) ? kept["input"] : kept);
}

function bytesOf(value: unknown): StoredValue {
  return { kind: "bytes", bytes: concatChunks(encode(value)) };
}

function isErrorRecord(value: unknown): value is ErrorRecord {
  return isPlainObject(value) && typeof value["name"] === "string" && typeof value["message"] === "string" &&
    (value["stack"] === undefined || typeof value["stack"] === "string") &&
    (value["cause"] === undefined || isErrorRecord(value["cause"]));
}

function changed(run: NewRun, step: string): ConfigError {
  const [id, name] = [JSON.stringify(run.id), JSON.stringify(step)];
  return new ConfigError(
    `The run ${id} was started with other steps: it has no step ${name}. Start the changed workflow under another id.`,
    { workflow: run.workflow, node: step },
  );
}
