import { expect } from "@std/expect";
import fc from "fast-check";
import { violations } from "../../src/engine/invariants.ts";
import type { Phase, RunState } from "../../src/engine/run_state.ts";
import { newState, recordOf, restoreState, statusOf } from "../../src/engine/step_records.ts";
import { recover, type RunHappening, transition } from "../../src/engine/transitions.ts";
import { endProblems } from "./expected_ends.ts";
import { type Fate, PlayedRun } from "./played_run.ts";
import { chain, fan, type Layout, layouts, shapeOf } from "./shapes.ts";

const moves = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 150 });

/** Fates by place: failures and skips in any mixture. */
const fates = fc.infiniteStream(fc.tuple(fc.constantFrom<Fate["ends"]>("failed", "skipped"), fc.nat(5), fc.nat(2)));

function fatesFor(layout: Layout, chances: Iterator<[Fate["ends"], number, number]>): Fate[] {
  return layout.parents.map((_, place): Fate => {
    const [blocking, blocks, retries] = chances.next().value as [Fate["ends"], number, number];
    const isControl = layout.controls?.some((control) => control.place === place) === true;
    return { retries: isControl ? 0 : retries, ends: blocks === 0 ? blocking : "succeeded" };
  });
}

Deno.test("Whatever happens in whatever order, all that must hold of a run holds, and it comes to the end its steps say", () => {
  fc.assert(
    fc.property(layouts, fates, moves, (layout, chances, moves) => {
      const run = new PlayedRun(shapeOf(layout), fatesFor(layout, chances));
      for (const [which, who] of moves) {
        if (which % 3 === 0) run.disturb(which, who);
        else run.play(which, who);
      }
      run.finish();
      expect(endProblems(layout, run.fates, run.state.steps.map(statusOf), run.state.ended)).toEqual([]);
      expect(run.state.steps.every(({ committed }) => committed)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

Deno.test("A run that is taken over at any moments comes to the same end, and a lent step is never forgotten", () => {
  fc.assert(
    fc.property(layouts, fates, moves, (layout, chances, moves) => {
      const run = new PlayedRun(shapeOf(layout), fatesFor(layout, chances));
      for (const [which, who] of moves) {
        if (which % 10 === 0) run.crash(who % 2 === 0);
        else if (which % 3 === 0) run.disturb(which, who);
        else run.play(which, who);
      }
      run.finish();
      expect(endProblems(layout, run.fates, run.state.steps.map(statusOf), run.state.ended)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Events that make no sense change nothing that must hold, and what is committed stays", () => {
  const happenings = (size: number): fc.Arbitrary<RunHappening> => {
    const place = fc.nat(size - 1);
    const places = fc.array(place, { maxLength: 4 });
    const at = fc.integer({ min: 1, max: 1_000 });
    return fc.oneof(
      fc.record({ kind: fc.constantFrom("started", "succeeded", "failed", "skipped"), place, at }),
      fc.record({ kind: fc.constantFrom("held", "retried"), place, until: at }),
      fc.record({ kind: fc.constantFrom("lent", "lost", "returned", "committed"), places }),
      fc.record({ kind: fc.constant("due"), place }),
      fc.record({ kind: fc.constant("awaited"), place, at, until: at }),
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancelled", "broken", "timedOut"), at }) },
    );
  };
  const cases = layouts.chain((layout) =>
    fc.tuple(fc.constant(layout), fc.array(happenings(layout.parents.length), { maxLength: 200 }))
  );
  fc.assert(
    fc.property(cases, ([layout, happenings]) => {
      const run = new PlayedRun(shapeOf(layout), layout.parents.map(() => ({ retries: 0, ends: "succeeded" })));
      for (const happening of happenings) run.apply(happening);
      run.finish();
      expect(run.state.open).toBe(0);
    }),
    { numRuns: 200 },
  );
});

Deno.test("Cancelling at any moment ends every open step, names those at work, and the run is CANCELLED", () => {
  fc.assert(fc.property(layouts, moves, (layout, moves) => {
    const run = new PlayedRun(shapeOf(layout), layout.parents.map(() => ({ retries: 1, ends: "succeeded" })));
    for (const [which, who] of moves.slice(0, 40)) run.play(which, who);
    if (run.state.ended !== undefined) return;
    const done = run.in("succeeded");
    const running = run.in("running");
    const { aborted, ended } = run.apply({ kind: "cancelled", at: 5_000 });
    expect(aborted).toEqual(running);
    expect([ended, run.state.ended]).toEqual(["CANCELLED", "CANCELLED"]);
    expect(run.in("succeeded")).toEqual(done);
    expect(run.in("cancelled").length).toBe(layout.parents.length - done.length);
  }));
});

Deno.test("A run that was opened again keeps what succeeded and what others went on without, and tries the rest as if for the first time", () => {
  fc.assert(fc.property(layouts, fates, moves, (layout, chances, moves) => {
    const shape = shapeOf(layout);
    const run = new PlayedRun(shape, fatesFor(layout, chances));
    for (const [which, who] of moves.slice(0, 30)) run.play(which, who);
    if (moves.length % 2 === 0 && run.state.ended === undefined) run.apply({ kind: "cancelled", at: 5_000 });
    run.finish();
    const statuses = run.records.map(({ status }) => status);
    const children = (place: number) => layout.parents.flatMap((of, child) => of.includes(place) ? child : []);
    const isRetried = (place: number): boolean =>
      (statuses[place] === "FAILED" || statuses[place] === "CANCELLED") &&
      (shape.ends[place] === 1 || shape.joins === undefined || children(place).some(isRetried));
    const again = restoreState(shape, run.records, [], true);
    recover(again, 9_000);
    expect(violations(again)).toEqual([]);
    for (const [place, step] of again.steps.entries()) {
      const isKept = step.committed && statusOf(step) === statuses[place];
      expect(isKept).toBe(!isRetried(place));
      if (!isKept) expect([step.attempt, step.losses]).toEqual([0, 0]);
    }
  }));
});

/** Drives a run of steps that all succeed, committing every `every` ends, and counts how often a step was looked at. */
function looks(layout: Layout, last: (state: RunState) => void = () => {}, every = 64): number {
  let looks = 0;
  const fresh = newState(shapeOf(layout));
  const steps = new Proxy(fresh.steps, {
    get: (target, name) => {
      looks++;
      return Reflect.get(target, name);
    },
  });
  const state: RunState = { ...fresh, steps };
  recover(state, 1);
  let ended: number[] = [];
  for (let place = state.ready.pop();; place = state.ready.pop()) {
    if (place < 0 || ended.length >= every) {
      transition(state, { kind: "committed", places: ended });
      ended = [];
    }
    if (place < 0) place = state.ready.pop();
    if (place < 0) break;
    transition(state, { kind: "started", place, at: 1 });
    transition(state, { kind: "succeeded", place, at: 2 });
    ended.push(place);
  }
  last(state);
  return looks;
}

for (
  const [what, layout] of [
    ["chain", chain],
    ["fan-out and gather", fan],
    ["chain of pure steps", (size: number) => chain(size, true)],
  ] as const
) {
  Deno.test(`A ${what} of 100,000 steps costs ten times one of 10,000`, () => {
    const small = looks(layout(10_000), (state) => expect(state.ended).toBe("SUCCEEDED"));
    const large = looks(layout(100_000), (state) => expect(state.ended).toBe("SUCCEEDED"));
    expect(large / small).toBeLessThan(10.1);
  });
}

Deno.test("The failure of a step costs a look at each step below it, and a run of 100,000 is restored as it was", () => {
  const shape = shapeOf(fan(100_000));
  const state = newState(shape);
  recover(state, 1);
  transition(state, { kind: "started", place: state.ready.pop(), at: 1 });
  const { changed, ended } = transition(state, { kind: "failed", place: 0, at: 2 });
  expect([changed.length, ended]).toEqual([100_002, "FAILED"]);
  const restored = restoreState(shape, state.steps.map(recordOf), [], false);
  expect(recover(restored, 3).changed).toEqual([]);
  expect([restored.ended, restored.failed]).toEqual(["FAILED", 0]);
});

/** A diamond: 0 has succeeded and is committed, 1 is at work, 2 is ready, 3 waits. */
function diamond(): RunState {
  const state = newState(shapeOf({ parents: [[], [0], [0], [1, 2]], pure: [false, false, true, false], targets: [3] }));
  recover(state, 1);
  transition(state, { kind: "started", place: 0, at: 1 });
  transition(state, { kind: "succeeded", place: 0, at: 2 });
  transition(state, { kind: "committed", places: [0] });
  transition(state, { kind: "started", place: 1, at: 3 });
  return state;
}

const phase = (place: number, phase: Phase) => (state: RunState) => void (state.steps[place]!.phase = phase);
const damages: { readonly [sentence: string]: (state: RunState) => void } = {
  "step 3 counts 1 open parents, and has 2": (state) => state.steps[3]!.waiting--,
  "step 3 counts 1 uncommitted parents, and has 2": (state) => state.steps[3]!.uncommitted--,
  "step 1 is committed and running": (state) => state.steps[1]!.committed = true,
  "step 3 is running before its parents": phase(3, "running"),
  "step 3 is lent before its parents": phase(3, "lent"),
  "step 3 is succeeded before its parents": phase(3, "succeeded"),
  "step 1 is not pure, and running before its parents are committed": (state) => state.steps[0]!.committed = false,
  "step 2 could start, and is not ready": phase(2, "waiting"),
  "step 1 waits for something that is none of its run's steps, and is not one that does": phase(1, "awaiting"),
  "step 3 is awaiting before its parents": phase(3, "awaiting"),
  "step 3 is waiting below a step that has no value": phase(1, "failed"),
  "1 ready steps are counted, and there are 0": phase(2, "delayed"),
  "1 steps at work are counted, and there are 0": phase(1, "delayed"),
  "3 open steps are counted, and there are 2": phase(2, "cancelled"),
  "0 uncommitted steps are counted, and there are 1": phase(2, "cancelled"),
  "the run has 3 open steps, and its final state is FAILED": (state) => state.ended = "FAILED",
  "the run has 0 open steps, and its final state is undefined": (state) => state.open = 0,
};

Deno.test("A run in which all is well has no violations", () => expect(violations(diamond())).toEqual([]));

for (const [sentence, damage] of Object.entries(damages)) {
  Deno.test(`The check of a run finds that ${sentence}`, () => {
    const state = diamond();
    damage(state);
    expect(violations(state)).toContain(sentence);
  });
}

Deno.test("When the time of a run is over, what is open is cancelled, what has ended stays, and the run has failed", () => {
  const state = newState(shapeOf(fan(4)));
  recover(state, 1);
  transition(state, { kind: "started", place: 0, at: 2 });
  transition(state, { kind: "succeeded", place: 0, at: 3 });
  transition(state, { kind: "committed", places: [0] });
  transition(state, { kind: "started", place: 1, at: 4 });
  transition(state, { kind: "retried", place: 1, until: 1_000 });
  transition(state, { kind: "started", place: 2, at: 4 });
  transition(state, { kind: "lent", places: [3] });
  const { aborted, ended } = transition(state, { kind: "timedOut", at: 5 });
  expect([aborted, ended, state.failed]).toEqual([[2], "FAILED", -1]);
  const statuses = state.steps.map(statusOf);
  expect(statuses[0]).toBe("SUCCEEDED");
  expect(new Set(statuses.slice(1))).toEqual(new Set(["CANCELLED"]));
  expect(violations(state)).toEqual([]);
  // What comes too late changes nothing.
  expect(transition(state, { kind: "succeeded", place: 2, at: 6 }).changed).toEqual([]);
  expect(transition(state, { kind: "cancelled", at: 7 }).ended).toBe(undefined);
});
