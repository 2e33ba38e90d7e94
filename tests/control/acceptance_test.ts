import { expect } from "@std/expect";
import { anyOf, branch, optional, StepFailedError } from "@fusewire/fusewire";
import { backends } from "./backends.ts";
import { fails, failsLater, kindOf, later, list, negate, same, square } from "./tasks.ts";

for (const backend of ["local", "pool", "durable"] as const) {
  const run = backends[backend];

  Deno.test(`FL6 branch by a returned value: only the chosen side runs, and the join after it (${backend})`, async () => {
    const build = (x: number) => () =>
      list(branch(kindOf(x), { low: () => square(x), high: () => negate(x) })).setName("join");
    const low = await run(build(3));
    expect([low.status, low.result]).toEqual(["SUCCEEDED", [9]]);
    expect(low.steps).toEqual({
      kindOf_0000: "SUCCEEDED",
      square_0000: "SUCCEEDED",
      negate_0000: "SKIPPED",
      branch_0000: "SUCCEEDED",
      join: "SUCCEEDED",
    });
    const high = await run(build(7));
    expect([high.result, high.steps["square_0000"], high.steps["join"]]).toEqual([[-7], "SKIPPED", "SUCCEEDED"]);
  });

  Deno.test(`FL7 conditions, targets in optional: x=7 → [undefined, 49, undefined] (${backend})`, async () => {
    const { status, result } = await run(() => {
      const x = same(7);
      return [
        optional(negate(x).when(x, (x) => x < 0)),
        optional(square(x).when(x, (x) => x > 5)),
        optional(square(x).when(x, (x) => x > 50)),
      ];
    });
    expect([status, result]).toEqual(["SUCCEEDED", [undefined, 49, undefined]]);
  });

  Deno.test(`FL8 AND join of three; OR join runs once, at the first actual finisher, and survives one failed parent (${backend})`, async () => {
    const began = performance.now();
    const { status, result, steps } = await run(() => [
      list(same(1), same(2), same(3)).setName("and"),
      list(anyOf(fails("one"), later("slow", 60_000), later("quick", 20))).setName("or"),
    ]);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect([status, result]).toEqual(["SUCCEEDED", [[1, 2, 3], ["quick"]]]);
    expect(steps).toMatchObject({
      fails_0000: "FAILED",
      later_0000: "CANCELLED",
      later_0001: "SUCCEEDED",
      anyOf_0000: "SUCCEEDED",
      or: "SUCCEEDED",
    });
  });

  Deno.test(`a failure that reaches the targets otherwise fails the run, with the first one that is not handled (${backend})`, async () => {
    const { status, error, steps } = await run(() => [
      optional(fails("handled")),
      list(failsLater(30)).setName("below"),
    ]);
    expect(status).toBe("FAILED");
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error?.message).toContain("too late");
    expect(error).toMatchObject({ node: "failsLater_0000" });
    expect(steps).toMatchObject({ fails_0000: "FAILED", optional_0000: "SUCCEEDED", below: "CANCELLED" });
  });

  Deno.test(`an anyOf without any value fails the run with the first failure (${backend})`, async () => {
    const { status, error, steps } = await run(() => {
      const first = fails("first");
      return anyOf(failsLater(1).after(optional(first)), first);
    });
    expect([status, steps["anyOf_0000"]]).toEqual(["FAILED", "CANCELLED"]);
    expect(error).toMatchObject({ node: "fails_0000" });
  });

  Deno.test(`of values that come while an anyOf still waits for something else, the first is taken (${backend})`, async () => {
    const { status, result, steps } = await run(() => {
      const first = same("first");
      const second = same("second").after(first);
      return anyOf(second, first).after(same("gate").after(second));
    });
    expect([status, result]).toEqual(["SUCCEEDED", "first"]);
    expect(Object.values(steps)).not.toContain("CANCELLED");
  });

  Deno.test(`a failure counts for what was cancelled because of it, and not for what was cancelled because of another (${backend})`, async () => {
    const { status, error, steps } = await run(() => {
      const handled = fails("handled").setName("handled");
      return optional(handled).after(fails("counts").setName("counts").after(optional(handled)));
    });
    expect([status, steps["optional_0000"]]).toEqual(["FAILED", "CANCELLED"]);
    expect(error).toMatchObject({ node: "counts" });
  });

  Deno.test(`a value without a case fails the branch, and is named (${backend})`, async () => {
    const { status, error, steps } = await run(() =>
      branch(same<string>("neither"), { yes: () => same(1), no: () => same(2) })
    );
    expect(status).toBe("FAILED");
    expect(error?.message).toMatch(/`branch_0000` has no case for the string "neither".*"yes", "no"/);
    expect(error?.cause).toMatchObject({ name: "NotFoundError" });
    expect(steps).toMatchObject({ same_0001: "SKIPPED", same_0002: "SKIPPED", branch_0000: "FAILED" });
  });
}
