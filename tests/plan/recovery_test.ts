import { expect } from "@std/expect";
import fc from "fast-check";
import {
  FileStorage,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  type Node,
  StepFailedError,
  task,
  type TaskStorage,
} from "@fusewire/fusewire";

const ran: string[] = [];
let failing: ReadonlySet<string> = new Set();

const answer = (name: string, of: readonly number[]): number => {
  ran.push(name);
  if (failing.has(name)) throw new RangeError(`${name} fails`);
  return of.reduce((a, b) => a + b, 1);
};
const now = task((name: string, ...of: number[]) => answer(name, of), { name: "now" });
const later = task(async (name: string, ...of: number[]) => {
  await (name.length % 2 === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 0)));
  return answer(name, of);
}, { name: "later" });

const trial = fc.record({
  specs: fc.array(fc.record({ parents: fc.array(fc.nat(9), { maxLength: 3 }), isLater: fc.boolean() }), {
    minLength: 4,
    maxLength: 10,
  }),
  rounds: fc.array(
    fc.record({
      failing: fc.array(fc.nat(9), { maxLength: 2 }),
      targets: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 3, maxLength: 5 },
  ),
  concurrency: fc.integer({ min: 1, max: 4 }),
});
type Trial = typeof trial extends fc.Arbitrary<infer T> ? T : never;

/** Runs a graph again and again while some of its functions fail, and holds what runs and what is stored against a model. */
async function recover(
  { specs, rounds, concurrency }: Trial,
  storage: TaskStorage,
  workflowName: string,
): Promise<void> {
  const parents = specs.map(({ parents }, i) => [...new Set(parents.filter((parent) => parent < i))]);
  const values: number[] = [];
  for (const of of parents) values.push(of.reduce((sum, parent) => sum + values[parent]!, 1));
  const stored = new Set<number>();
  for (const round of rounds) {
    const targets = [...new Set(round.targets.map((i) => i % specs.length))];
    failing = new Set(round.failing.map((i) => `n${i % specs.length}`));
    const nodes: Node<number>[] = [];
    const workflow = namingScope(() => {
      specs.forEach(({ isLater }, i) =>
        nodes.push((isLater ? later : now)(`n${i}`, ...parents[i]!.map((parent) => nodes[parent]!)).setName(`n${i}`))
      );
      return new LocalWorkflow(targets.map((i) => nodes[i]!), { workflowName, concurrency });
    });
    workflow.setStorage(storage);
    const needed = new Set(targets.filter((i) => !stored.has(i)));
    for (const i of needed) for (const parent of parents[i]!) if (!stored.has(parent)) needed.add(parent);
    const runs: number[] = [];
    for (const i of [...needed].sort((a, b) => a - b)) {
      const isHeldUp = parents[i]!.some((parent) =>
        needed.has(parent) && (!runs.includes(parent) || failing.has(`n${parent}`))
      );
      if (!isHeldUp) runs.push(i);
    }
    ran.length = 0;
    const run = await workflow.start();
    const result = await run.result().then((value) => ({ value }), (error: unknown) => ({ error }));
    expect(ran.toSorted()).toEqual(runs.map((i) => `n${i}`).toSorted());
    for (const i of runs) if (!failing.has(`n${i}`)) stored.add(i);
    expect(await storage.listTasks(workflowName)).toEqual([...stored].map((i) => `n${i}`).toSorted());
    if (runs.some((i) => failing.has(`n${i}`))) expect(result).toEqual({ error: expect.any(StepFailedError) });
    else expect(result).toEqual({ value: targets.map((i) => values[i]) });
    for (const { name, status } of (await run.status()).steps) {
      const i = Number(name.slice(1));
      const expected = stored.has(i)
        ? "SUCCEEDED"
        : runs.includes(i)
        ? "FAILED"
        : needed.has(i)
        ? "CANCELLED"
        : undefined;
      if (expected !== undefined) expect([name, status]).toEqual([name, expected]);
      expect(status === "PENDING" || status === "RUNNING").toBe(false);
    }
  }
}

Deno.test("Run after run only what is missing runs, and the store holds exactly what succeeded (MemoryStorage)", async () => {
  await fc.assert(fc.asyncProperty(trial, async (trial) => await recover(trial, new MemoryStorage(), "recovery")), {
    numRuns: 150,
  });
});

Deno.test("Run after run only what is missing runs, and the store holds exactly what succeeded (FileStorage)", async () => {
  const path = await Deno.makeTempDir();
  let trials = 0;
  await fc.assert(
    fc.asyncProperty(trial, async (trial) => await recover(trial, new FileStorage({ path }), `recovery ${trials++}`)),
    { numRuns: 20 },
  );
  await Deno.remove(path, { recursive: true });
});
