import { expect } from "@std/expect";
import fc from "fast-check";
import type { Status, StepRecord } from "@fusewire/fusewire";
import { type ForkedStep, planFork, settledSteps } from "../../src/engine/fork_plan.ts";
import { nearNames } from "../../src/engine/near_names.ts";
import { toBeRetried } from "../../src/handled.ts";
import { shapeOf } from "./shapes.ts";

/** A → B → D → E, A → C → D; targets E. Letters stand for what becomes of each. */
const parents = [[], [0], [0], [1, 2], [3]];
const letter = { kept: "k", overridden: "o", again: "a" } as const;

function plan(statuses: string, from: number[], override: number[] = [], targets = [4]): string {
  const names: Record<string, Status> = {
    S: "SUCCEEDED",
    F: "FAILED",
    C: "CANCELLED",
    P: "PENDING",
    R: "RUNNING",
    K: "SKIPPED",
  };
  const steps = planFork(
    { parents, targets: targets.map((place) => ({ place, path: [] })) },
    (place) => names[statuses[place]!]!,
    new Set(from),
    new Set(override),
  );
  return steps.map((step) => letter[step]).join("");
}

Deno.test("a fork runs the named steps and all below them again, and keeps the rest", () => {
  expect(plan("SSSSS", [1])).toBe("kakaa");
  expect(plan("SSSSS", [4])).toBe("kkkka");
  expect(plan("SSSSS", [0])).toBe("aaaaa");
  expect(plan("SSSSS", [1, 2])).toBe("kaaaa");
  expect(plan("SSSSS", [])).toBe("kkkkk");
});

Deno.test("a fork runs what had not ended, failed or was cancelled", () => {
  expect(plan("SSFCC", [])).toBe("kkaaa");
  expect(plan("SSRPP", [1])).toBe("kaaaa");
  expect(plan("SPPPP", [4])).toBe("kaaaa");
});

Deno.test("a fork runs again what is below an overridden step, and not what only it needs", () => {
  expect(plan("SSSSS", [4], [2])).toBe("kkoaa");
  expect(plan("SSFCC", [], [2])).toBe("kkoaa");
  expect(plan("SSSSS", [1], [1])).toBe("kokaa");
  expect(plan("FCCCC", [], [3])).toBe("kkkoa");
  expect(plan("FCCCC", [], [1])).toBe("aoaaa");
});

Deno.test("a fork keeps a failure that was handled, and tries it again with what went on without it", () => {
  // C failed, D went on without it.
  expect(plan("SSFSS", [4])).toBe("kkkka");
  expect(plan("SSFSS", [3])).toBe("kkaaa");
  expect(plan("SSFSS", [1])).toBe("kaaaa");
  expect(plan("SSFSS", [], [3])).toBe("kkkoa");
  // A target of its own is tried again whatever others made of it.
  expect(plan("SSFSS", [4], [], [2, 4])).toBe("kkaka");
  expect(plan("SSKSS", [3])).toBe("kkkaa");
});

const layouts = fc.array(fc.array(fc.nat(12), { maxLength: 3 }), { minLength: 1, maxLength: 12 }).map((lists) =>
  lists.map((list, place) => [...new Set(list.filter((parent) => parent < place))].sort((a, b) => a - b))
);
const status = fc.constantFrom<Status>("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED");

Deno.test("a fork of any run keeps nothing that is below what is run again by name, and loses no success elsewhere", () => {
  fc.assert(fc.property(
    layouts.chain((parents) =>
      fc.record({
        parents: fc.constant(parents),
        statuses: fc.array(status, { minLength: parents.length, maxLength: parents.length }),
        from: fc.subarray([...parents.keys()]),
        override: fc.subarray([...parents.keys()], { maxLength: Math.min(2, parents.length) }),
        targets: fc.subarray([...parents.keys()]),
      })
    ),
    ({ parents, statuses, from, override, targets }) => {
      const made = planFork(
        { parents, targets: targets.map((place) => ({ place, path: [] })) },
        (place) => statuses[place]!,
        new Set(from),
        new Set(override),
      );
      const isBelow = (place: number): boolean =>
        !override.includes(place) &&
        (from.includes(place) || parents[place]!.some((parent) => override.includes(parent) || isBelow(parent)));
      const retried = toBeRetried(
        shapeOf({ parents, pure: parents.map(() => false), targets }),
        (place) => {
          if (override.includes(place)) return "SUCCEEDED";
          return isBelow(place) || statuses[place] === "PENDING" || statuses[place] === "RUNNING"
            ? "CANCELLED"
            : statuses[place]!;
        },
      );
      const expected = parents.map((_, place): ForkedStep => {
        if (override.includes(place)) return "overridden";
        if (isBelow(place)) return "again";
        switch (statuses[place]!) {
          case "SUCCEEDED":
          case "SKIPPED":
            return "kept";
          case "PENDING":
          case "RUNNING":
            return "again";
          case "FAILED":
          case "CANCELLED":
            return retried[place] === 1 ? "again" : "kept";
        }
      });
      expect(made).toEqual(expected);
    },
  ));
});

Deno.test("steps that were committed between two looks are taken with what they followed from", () => {
  const step = (status: Status): StepRecord => ({ status, attempt: 0, losses: 0, startedAt: 0, endedAt: 0, wakeAt: 0 });
  const looks = (text: string): StepRecord[] => [...text].map((each) => step(each === "S" ? "SUCCEEDED" : "PENDING"));
  const settled = (first: string, second: string): string =>
    settledSteps({ parents }, looks(first), looks(second)).map(({ status }) => status[0]).join("");
  // D was read late: what it follows from is taken too, and nothing that came later.
  expect(settled("PPPSP", "SSSSS")).toBe("SSSSP");
  expect(settled("SPPPP", "SSSSS")).toBe("SPPPP");
  // A step that went on with the first of several: the others are still open.
  expect(settled("SSPSP", "SSPSS")).toBe("SSPSP");
});

Deno.test("a message names what is near to a name that is not there", () => {
  const names = ["load_0000", "mean_0000", "mean_0001", "report"];
  expect(nearNames("mean_000", names)).toBe('; did you mean "mean_0000" or "mean_0001"?');
  expect(nearNames("load", names)).toBe('; did you mean "load_0000"?');
  expect(nearNames("reprot", names)).toBe('; did you mean "report"?');
  expect(nearNames("q", names)).toBe('; it has "load_0000", "mean_0000", "mean_0001", ….');
  expect(nearNames("", [])).toBe("; it has no steps.");
});
