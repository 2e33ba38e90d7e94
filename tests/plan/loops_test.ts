/**
 * Plans of loops and branches, held against the runs that follow them.
 *
 * @module
 */
import { expect } from "@std/expect";
import fc from "fast-check";
import {
  anyOf,
  branch,
  type CacheMode,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  type Node,
  optional,
  type Ref,
  repeatUntil,
  task,
} from "@fusewire/fusewire";

/** What a user may change from one run to the next. */
interface Spec {
  readonly begin: number;
  readonly ends: number;
  readonly inner: number;
  readonly most: number;
  readonly variant: 0 | 1;
  readonly body: "step" | "branch" | "loop" | "optional" | "anyOf";
  readonly beginsWith: "value" | "node";
  readonly cache: CacheMode;
  readonly removed: readonly number[];
}

let ran: string[] = [];
const step = [
  (name: string, x: number | undefined): number => (ran.push(name), (x ?? 0) + 1),
  (name: string, x: number | undefined): number => (ran.push(name), (x ?? 0) + 2),
] as const;

function build({ begin, ends, inner, most, variant, body, beginsWith, cache }: Spec): LocalWorkflow<Node<number>> {
  return namingScope(() => {
    let made = 0;
    const call = task(step[variant], { name: "step" });
    const one = (x: Ref<number | undefined>): Node<number> => {
      const name = `n${made++}`;
      return call(name, x).setName(name);
    };
    const iteration = (x: Ref<number>, i: number): Ref<number> => {
      switch (body) {
        case "step":
          return one(x);
        case "branch":
          return branch(one(x), { 1: () => one(x), 4: () => one(x), default: () => one(one(x)) });
        case "loop":
          return repeatUntil(x, one, { until: (y) => y % (inner + 2) === 0, maxIterations: 3, onLimit: "last" });
        case "optional":
          return one(optional(one(x).when(x, (x) => x % 2 === i % 2)));
        case "anyOf":
          return anyOf(one(x), one(x));
      }
    };
    const from = beginsWith === "value" ? begin : one(task(() => begin, { name: "begin", cache: false })());
    const loop = repeatUntil(from, iteration, { until: (x) => x >= ends, maxIterations: most, onLimit: "last" });
    return new LocalWorkflow(one(loop), { workflowName: "loops", cache });
  });
}

const spec: fc.Arbitrary<Spec> = fc.record({
  begin: fc.nat(2),
  ends: fc.nat(9),
  inner: fc.nat(3),
  most: fc.integer({ min: 1, max: 4 }),
  variant: fc.constantFrom(0, 1),
  body: fc.constantFrom("step", "branch", "loop", "optional", "anyOf"),
  beginsWith: fc.constantFrom("value", "node"),
  cache: fc.constantFrom<CacheMode>("name", "content", "content", false),
  removed: fc.array(fc.nat(12), { maxLength: 3 }),
});

Deno.test("a plan of loops agrees with the run that follows, whatever is stored and whatever has changed", async () => {
  const seen: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      spec,
      fc.array(fc.tuple(spec, fc.boolean()), { minLength: 3, maxLength: 6 }),
      async (first, changes) => {
        const storage = new MemoryStorage();
        let now = first;
        const caches = new Set<CacheMode>();
        for (const [change, changesBody] of changes) {
          now = {
            ...change,
            body: changesBody ? change.body : now.body,
            cache: changesBody ? change.cache : now.cache,
          };
          caches.add(now.cache);
          for (const n of now.removed) {
            await storage.removeTask("loops", { pattern: `n${n}` });
          }
          const workflow = build(now);
          workflow.setStorage(storage);
          const plan = await workflow.plan();
          ran = [];
          const result = await workflow.run();
          for (const { name, action, message } of plan.steps) {
            if (!/^n\d+$/.test(name)) continue;
            seen[action] = (seen[action] ?? 0) + 1;
            const calls = ran.filter((other) => other === name).length;
            const wanted = action === "run" || action === "stale" ? [1] : action === "maybe" ? [0, 1] : [0];
            if (!wanted.includes(calls)) throw new Error(`${message} It ran ${calls} times.`);
          }
          if (!caches.has("name")) {
            expect(result).toBe(await build({ ...now, cache: false }).run());
          }
        }
      },
    ),
    { numRuns: 300 },
  );
  for (const action of ["run", "stale", "maybe", "stored", "unneeded"]) expect(seen[action]).toBeGreaterThan(20);
});
