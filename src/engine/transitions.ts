/**
 * The rules of a durable run: a state and an event in, the new state and what is to be done out. No clock, no chance, no storage, no
 * promise: the simulation and the real worker run this very file.
 *
 * The state is changed in place, because copying a hundred thousand steps for each event would make every step as dear as the whole run.
 * What always holds is written down, and checked, in `invariants.ts`.
 *
 * The rules, in the order of a step's life:
 *
 * 1. A step is ready when all parents have succeeded, and their results are committed. If it is pure, the second is not needed: its own
 *    result is committed with theirs or after them, and if theirs are lost with the process, so is its own.
 * 2. A ready step starts when the worker has room. It may be delayed instead (no slot of its concurrency key), or lent to another worker.
 * 3. An attempt that failed is repeated as the policies say: the step is delayed, and due at a time that is committed.
 * 4. A step that has ended stays as it is. What follows from that for those that wait for it is told by `join.ts`: what waits for one that
 *    failed is cancelled, what waits for one that was skipped is skipped, unless it does without; everything else goes on.
 * 5. A control node makes no call and waits for no room. When one that takes the first of several values has it, the steps that nothing
 *    needs any more are cancelled.
 * 6. A control node that waits for something that no step of the run does takes no room meanwhile. It ends like a step at work.
 * 7. When no step is open, the run ends: cancelled, failed because its time is over, failed with the first failure that is not handled, skipped if a target is, or
 *    succeeded. The commit that ends it carries everything that was not committed yet.
 *
 * @module
 */
import { tallyOf } from "../join.ts";
import {
  cancelAll,
  type Consequences,
  dropUnneeded,
  end,
  endBlocked,
  finishIfDone,
  hasEnded,
  leaveWork,
  makeReady,
  tell,
  wakeIfFree,
} from "./consequences.ts";
import type { Phase, RunState, StepState } from "./run_state.ts";
import { endOfPhase } from "./step_records.ts";

export { type Consequences, hasEnded };

/** Something that happened to a run. `at` is in milliseconds since 1970. */
export type RunHappening =
  /** An attempt of a ready step begins. */
  | { readonly kind: "started"; readonly place: number; readonly at: number }
  /** A ready step can not start yet, for a reason that nobody else needs to know. */
  | { readonly kind: "held"; readonly place: number; readonly until: number }
  /** A ready step waits for something that no step of the run does; `until` is 0 if it has no time. */
  | { readonly kind: "awaited"; readonly place: number; readonly at: number; readonly until: number }
  /** Ready steps are offered to other workers. */
  | { readonly kind: "lent"; readonly places: readonly number[] }
  /** Lent steps come back: the worker that had them is gone, or gave them back without running them. Steps at work here can be given up too. */
  | { readonly kind: "lost" | "returned"; readonly places: readonly number[] }
  /** An attempt ended well; the value is encoded. */
  | { readonly kind: "succeeded"; readonly place: number; readonly at: number }
  /** A result that was made from the same stands for that of a ready step, which is not run. */
  | { readonly kind: "stored"; readonly place: number; readonly at: number }
  /** The last attempt failed. */
  | { readonly kind: "failed"; readonly place: number; readonly at: number }
  /** The step is not run: its condition does not hold, or its failure counts as that. */
  | { readonly kind: "skipped"; readonly place: number; readonly at: number }
  /** The step ends without having failed itself, because what it would take the value of did. */
  | { readonly kind: "givenUp"; readonly place: number; readonly at: number }
  /** An attempt failed, and there is to be another one. */
  | { readonly kind: "retried"; readonly place: number; readonly until: number }
  /** The time of a delayed step has come. */
  | { readonly kind: "due"; readonly place: number }
  /** What was to be committed is. */
  | { readonly kind: "committed"; readonly places: readonly number[] }
  /** Somebody asks for the end of the run. */
  | { readonly kind: "cancelled"; readonly at: number }
  /** The time of the run is over: its open steps are cancelled, and it fails. */
  | { readonly kind: "timedOut"; readonly at: number }
  /** The run can not go on at all: its first open step fails, the others are cancelled. */
  | { readonly kind: "broken"; readonly at: number };

/** Takes a run on by one event. An event that no longer concerns the run, such as the end of a cancelled step, changes nothing. */
export function transition(state: RunState, happening: RunHappening): Consequences {
  const consequences: Consequences = { changed: [], aborted: [], dropped: [], ended: undefined };
  if (state.ended !== undefined && happening.kind !== "committed") return consequences;
  switch (happening.kind) {
    case "started":
      start(state, happening.place, happening.at, consequences);
      break;
    case "held":
      delay(state, happening.place, happening.until, "ready");
      break;
    case "awaited":
      wait(state, happening.place, happening.at, happening.until, consequences);
      break;
    case "lent":
      for (const place of happening.places) lend(state, place, consequences);
      break;
    case "lost":
    case "returned":
      for (const place of happening.places) takeBack(state, place, happening.kind === "lost", consequences);
      break;
    case "succeeded":
      if (isAtWork(state.steps[happening.place]!.phase)) {
        end(state, happening.place, happening.kind, happening.at, consequences);
      }
      break;
    case "stored":
      if (state.steps[happening.place]!.phase === "ready") {
        end(state, happening.place, "succeeded", happening.at, consequences);
      }
      break;
    case "failed":
    case "skipped":
      // Also a step that was never started: its condition does not hold, or too many workers were lost with it.
      if (!hasEnded(state.steps[happening.place]!.phase)) {
        end(state, happening.place, happening.kind, happening.at, consequences);
      }
      break;
    case "givenUp":
      if (!hasEnded(state.steps[happening.place]!.phase)) {
        end(state, happening.place, "cancelled", happening.at, consequences);
      }
      break;
    case "retried":
      retry(state, happening.place, happening.until, consequences);
      break;
    case "due":
      if (state.steps[happening.place]!.phase === "delayed") makeReady(state, happening.place);
      break;
    case "committed":
      for (const place of happening.places) settle(state, place);
      break;
    case "cancelled":
      state.cancelled = true;
      cancelAll(state, happening.at, consequences);
      break;
    case "timedOut":
      state.timedOut = true;
      cancelAll(state, happening.at, consequences);
      break;
    case "broken":
      breakOff(state, happening.at, consequences);
      break;
  }
  finishIfDone(state, consequences);
  return consequences;
}

/**
 * Ends what follows from steps that have ended, and makes ready what can start. For a state that was read back: a crash may have come
 * between a cause and what follows from it.
 */
export function recover(state: RunState, at: number): Consequences {
  const consequences: Consequences = { changed: [], aborted: [], dropped: [], ended: undefined };
  const { steps, shape: { parents, joins } } = state;
  const lacksValue = ({ phase }: StepState): boolean => hasEnded(phase) && phase !== "succeeded";
  if (steps.some(lacksValue)) {
    for (let place = 0; place < steps.length; place++) {
      if (hasEnded(steps[place]!.phase)) continue;
      const above = parents.list.subarray(parents.start[place], parents.start[place + 1]);
      const tally = state.tallies.get(place) ?? tallyOf(undefined, above, (parent) => endOfPhase(steps[parent]!.phase));
      if (endBlocked(state, place, tally.standing, at, consequences)) tell(state, place, at, consequences);
    }
  }
  for (let place = 0; place < steps.length; place++) wakeIfFree(state, place);
  for (const place of joins?.keys() ?? []) {
    if (steps[place]!.phase === "succeeded") dropUnneeded(state, place, at, consequences);
  }
  finishIfDone(state, consequences);
  return consequences;
}

function isAtWork(phase: Phase): boolean {
  return phase === "running" || phase === "lent" || phase === "awaiting";
}

function start(state: RunState, place: number, at: number, { changed }: Consequences): void {
  const step = state.steps[place]!;
  if (step.phase !== "ready") return;
  state.readyCount--;
  state.running++;
  step.phase = "running";
  step.attempt++;
  step.startedAt = at;
  step.wakeAt = 0;
  changed.push(place);
}

function wait(state: RunState, place: number, at: number, until: number, { changed }: Consequences): void {
  const step = state.steps[place]!;
  if (step.phase !== "ready" || state.shape.waits[place] === 0) return;
  state.readyCount--;
  step.phase = "awaiting";
  step.attempt++;
  step.startedAt = at;
  step.wakeAt = until;
  changed.push(place);
}

function lend(state: RunState, place: number, { changed }: Consequences): void {
  const step = state.steps[place]!;
  if (step.phase !== "ready") return;
  state.readyCount--;
  step.phase = "lent";
  step.attempt++;
  // When it began is told by whoever runs it. Until then the record of a lent step differs from that of one at work here.
  step.startedAt = 0;
  step.wakeAt = 0;
  changed.push(place);
}

function takeBack(state: RunState, place: number, isLoss: boolean, { changed }: Consequences): void {
  const step = state.steps[place]!;
  if (!isAtWork(step.phase)) return;
  leaveWork(state, step);
  // The attempt that was not finished is made again under the same number.
  step.attempt--;
  if (isLoss) step.losses++;
  changed.push(place);
  makeReady(state, place);
}

function delay(state: RunState, place: number, until: number, from: Phase): boolean {
  const step = state.steps[place]!;
  if (step.phase !== from && !(from === "running" && step.phase === "lent")) return false;
  leaveWork(state, step);
  step.phase = "delayed";
  step.wakeAt = until;
  return true;
}

function retry(state: RunState, place: number, until: number, { changed }: Consequences): void {
  if (delay(state, place, until, "running")) changed.push(place);
}

function settle(state: RunState, place: number): void {
  const step = state.steps[place]!;
  if (step.committed || !hasEnded(step.phase)) return;
  step.committed = true;
  state.uncommitted--;
  if (step.phase !== "succeeded") return;
  const { start, list } = state.shape.children;
  for (let at = start[place]!; at < start[place + 1]!; at++) {
    const child = list[at]!;
    state.steps[child]!.uncommitted--;
    wakeIfFree(state, child);
  }
}

function breakOff(state: RunState, at: number, consequences: Consequences): void {
  const first = state.steps.findIndex(({ phase }) => !hasEnded(phase));
  if (first < 0) return;
  state.broken = true;
  state.failures.splice(0, state.failures.length);
  end(state, first, "failed", at, consequences);
  cancelAll(state, at, consequences);
}
