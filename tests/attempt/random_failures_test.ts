import { expect } from "@std/expect";
import fc from "fast-check";
import { CancelledError, LocalWorkflow, type Node, type Status, StepFailedError, task } from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";

type Behaviour = "give" | "fail" | "skip" | "unmet" | "fall back" | "retry once";
type Timing = "at once" | "microtask" | "timer";

const shape = fc.array(
  fc.record({
    parents: fc.array(fc.nat(20), { maxLength: 3 }),
    behaviour: fc.constantFrom<Behaviour>("give", "give", "give", "fail", "skip", "unmet", "fall back", "retry once"),
    timing: fc.constantFrom<Timing>("at once", "at once", "microtask", "timer"),
  }),
  { maxLength: 20 },
);

/** A node that behaves as it is told. */
function makeNode(behaviour: Behaviour, timing: Timing, parents: readonly Node<number>[]): Node<number> {
  let calls = 0;
  const answer = (of: readonly number[]): number => {
    calls++;
    if (behaviour === "fail" || behaviour === "skip" || behaviour === "fall back") throw new Error(behaviour);
    if (behaviour === "retry once" && calls === 1) throw new Error(behaviour);
    return of.reduce((a, b) => a + b, 1);
  };
  const fn = timing === "at once" ? answer : async (of: readonly number[]): Promise<number> => {
    await (timing === "timer" ? new Promise((resolve) => setTimeout(resolve, 0)) : Promise.resolve());
    return answer(of);
  };
  const make = task(fn as (of: readonly number[]) => number, {
    name: "node",
    ...(behaviour === "skip" ? { onFailure: "skip" as const } : {}),
    ...(behaviour === "fall back" ? { onFailure: () => 1_000 } : {}),
    ...(behaviour === "retry once" ? { retry: { maxAttempts: 2, initialDelay: 0 } } : {}),
  });
  const node = make(parents);
  return behaviour === "unmet" ? node.when(task(() => false, { name: "no" })()) : node;
}

const backends = { LocalWorkflow, SequentialWorkflow };

for (const [name, Backend] of Object.entries(backends)) {
  Deno.test(`In any graph failures cancel and skips skip what depends on them, and the rest has its value (${name})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.integer({ min: 1, max: 5 }), async (layout, concurrency) => {
        const nodes: Node<number>[] = [];
        const allowed: Status[][] = [];
        const values: number[] = [];
        layout.forEach(({ parents, behaviour, timing }, i) => {
          const of = parents.filter((place) => place < i);
          nodes.push(makeNode(behaviour, timing, of.map((place) => nodes[place]!)));
          const above = new Set(of.flatMap((place) => allowed[place]!));
          const inherited: Status[] = [];
          if (above.has("FAILED") || above.has("CANCELLED")) inherited.push("CANCELLED");
          if (above.has("SKIPPED")) inherited.push("SKIPPED");
          const own: Status = behaviour === "fail"
            ? "FAILED"
            : behaviour === "skip" || behaviour === "unmet"
            ? "SKIPPED"
            : "SUCCEEDED";
          allowed.push(inherited.length > 0 ? inherited : [own]);
          values.push(behaviour === "fall back" ? 1_000 : of.reduce((total, place) => total + values[place]!, 1));
        });
        const run = await new Backend(nodes, { workflowName: "random", concurrency }).start();
        const result = await run.result().then((value) => ({ value }), (error: unknown) => ({ error }));
        const { status, steps } = await run.status();
        const statusOf = new Map(steps.map(({ name, status }) => [name, status]));
        const ended = nodes.map(({ name }) => statusOf.get(name)!);
        ended.forEach((status, i) => expect(allowed[i]).toContain(status));
        expect(steps.some(({ status }) => status === "PENDING" || status === "RUNNING")).toBe(false);
        if (ended.includes("FAILED")) {
          expect(status).toBe("FAILED");
          expect(result).toEqual({ error: expect.any(StepFailedError) });
        } else if (ended.includes("SKIPPED")) {
          expect(status).toBe("SKIPPED");
          expect(result).toEqual({ error: expect.any(CancelledError) });
        } else {
          expect(status).toBe("SUCCEEDED");
          expect(result).toEqual({ value: values });
        }
        const finished = (await Array.fromAsync(run.events())).flatMap((event) =>
          event.event === "step_finished" ? [`${event.step} ${event.status}`] : []
        );
        expect(finished.toSorted()).toEqual(steps.map(({ name, status }) => `${name} ${status}`).toSorted());
      }),
      { numRuns: 150 },
    );
  });
}
