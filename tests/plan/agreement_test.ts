import { expect } from "@std/expect";
import fc from "fast-check";
import {
  type CacheMode,
  CancelledError,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  type Node,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";

/** How a node hangs on an earlier one. */
interface Link {
  readonly to: number;
  readonly how: "argument" | "deep" | "item" | "after" | "if odd";
}

/** What a node is now; every change of it is one that a user could make between two runs. */
interface Spec {
  readonly links: readonly Link[];
  constant: number;
  /** Which of the functions it calls: each has a source of its own. */
  variant: number;
  version: string | undefined;
  cache: CacheMode | undefined;
  /** Which function replaces its own in the workflow. */
  replaced: number | undefined;
  logged: boolean;
}

/** Functions of few results, so that a recomputed result is often the same. */
const functions: ((of: number) => number)[] = [(of) => of % 5, (of) => (2 * of) % 5, (of) => (of * of + 1) % 5];

let ran: string[] = [];
const gather = (of: readonly unknown[]): number =>
  of.reduce<number>((sum, part) => sum + (typeof part === "number" ? part : gather(Object.values(Object(part)))), 0);
const tasks = [
  (name: string, constant: number, ...of: unknown[]) => (ran.push(name), { n: functions[0]!(constant + gather(of)) }),
  (name: string, constant: number, ...of: unknown[]) => (ran.push(name), { n: functions[1]!(constant + gather(of)) }),
  (name: string, constant: number, ...of: unknown[]) => (ran.push(name), { n: functions[2]!(constant + gather(of)) }),
] as const;

interface Built {
  readonly workflow: LocalWorkflow<Node<{ n: number }>[]>;
  readonly nodes: readonly Node<{ n: number }>[];
}

function build(specs: readonly Spec[], targets: readonly number[], cache: CacheMode, storage?: MemoryStorage): Built {
  return namingScope(() => {
    const nodes: Node<{ n: number }>[] = [];
    specs.forEach((spec, i) => {
      const of: unknown[] = [];
      for (const { to, how } of spec.links) {
        if (how === "argument") of.push(nodes[to]);
        if (how === "deep") of.push([{ deep: nodes[to] }, 1]);
        if (how === "item") of.push(nodes[to]!.item("n"));
      }
      const options: TaskOptions = {
        ...(spec.version === undefined ? {} : { version: spec.version }),
        ...(spec.cache === undefined ? {} : { cache: spec.cache }),
      };
      const node = task(tasks[spec.variant]!, { name: "node", ...options })(`n${i}`, spec.constant, ...of).setName(
        `n${i}`,
      );
      for (const { to, how } of spec.links) {
        if (how === "after") node.after(nodes[to]!);
        if (how === "if odd") node.when(nodes[to]!.item("n"), (n) => n % 2 === 1);
      }
      nodes.push(node);
    });
    const workflow = new LocalWorkflow(targets.map((i) => nodes[i]!), { workflowName: "agreement", cache });
    workflow.setStorage(storage);
    specs.forEach(({ replaced, logged }, i) => {
      if (workflow.findNodes(`n${i}`).length === 0) return;
      if (replaced !== undefined) workflow.replaceFunc(nodes[i]!, tasks[replaced]!);
      if (logged) workflow.logNodes(`n${i}`);
    });
    return { workflow, nodes };
  });
}

/** What each node comes to: its value, or nothing if it is skipped. A stored result stands for a node of the mode `name`. */
function model(specs: readonly Spec[], cache: CacheMode, stored: ReadonlyMap<number, number>): (number | undefined)[] {
  const values: (number | undefined)[] = [];
  const valueOf = (spec: Spec, i: number): number | undefined => {
    const kept = stored.get(i);
    if (kept !== undefined && (spec.cache ?? cache) === "name" && !spec.logged) return kept;
    const above = spec.links.map(({ to, how }) => ({ value: values[to], how }));
    if (!above.every(({ value, how }) => value !== undefined && (how !== "if odd" || value % 2 === 1))) {
      return undefined;
    }
    const of = above.map(({ value = 0, how }) =>
      how === "after" || how === "if odd" ? 0 : value + (how === "deep" ? 1 : 0)
    );
    return functions[spec.replaced ?? spec.variant]!(spec.constant + of.reduce((a, b) => a + b, 0));
  };
  specs.forEach((spec, i) => values.push(valueOf(spec, i)));
  return values;
}

const mode = fc.constantFrom<CacheMode>("name", "content", "content", false);
const link = fc.record({
  to: fc.nat(7),
  how: fc.constantFrom<Link["how"]>("argument", "argument", "argument", "deep", "item", "item", "after", "if odd"),
});
const spec = fc.record({
  links: fc.array(link, { minLength: 1, maxLength: 3 }),
  constant: fc.nat(3),
  variant: fc.nat(2),
  version: fc.constant(undefined),
  cache: fc.option(mode, { nil: undefined, freq: 3 }),
  replaced: fc.constant(undefined),
  logged: fc.constant(false),
});
const change = fc.record({
  at: fc.nat(7),
  what: fc.constantFrom(
    "constant",
    "variant",
    "version",
    "cache",
    "replaced",
    "logged",
    "remove",
    "truncate",
    "nothing",
  ),
  to: fc.nat(3),
  mode,
});

async function apply(
  specs: Spec[],
  stored: Map<number, number>,
  storage: MemoryStorage,
  change: { at: number; what: string; to: number; mode: CacheMode },
): Promise<void> {
  const at = change.at % specs.length;
  const spec = specs[at]!;
  switch (change.what) {
    case "constant":
      spec.constant = change.to;
      break;
    case "variant":
      spec.variant = change.to % 3;
      break;
    case "version":
      spec.version = change.to === 0 ? undefined : String(change.to);
      break;
    case "cache":
      spec.cache = change.mode;
      break;
    case "replaced":
      spec.replaced = change.to === 3 ? undefined : change.to;
      break;
    case "logged":
      spec.logged = change.to > 1;
      break;
    case "remove":
    case "truncate": {
      if (!stored.delete(at)) break;
      if (change.what === "remove") await storage.removeTask("agreement", { taskName: `n${at}` });
      else {for await (const { key } of storage.objects.list("")) {
          if (!key.endsWith(`/n${at}`)) continue;
          const bytes = await storage.objects.get(key);
          await storage.objects.put(key, bytes.slice(0, bytes.length - 1 - change.to));
        }}
    }
  }
}

Deno.test("A plan and the run that follows agree, and the values are those that the functions give", async () => {
  const trial = fc.record({
    specs: fc.array(spec, { minLength: 4, maxLength: 8 }),
    cache: mode,
    rounds: fc.array(
      fc.record({
        changes: fc.array(change, { maxLength: 3 }),
        targets: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }),
      }),
      { minLength: 5, maxLength: 8 },
    ),
  });
  const seen: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(trial, async ({ specs: drawn, cache, rounds }) => {
      const specs: Spec[] = drawn.map((spec, i) => ({ ...spec, links: spec.links.filter(({ to }) => to < i) }));
      const storage = new MemoryStorage();
      const stored = new Map<number, number>();
      for (const { changes, targets: picked } of rounds) {
        for (const change of changes) await apply(specs, stored, storage, change);
        const targets = [...new Set(picked.map((i) => i % specs.length))];
        const { workflow } = build(specs, targets, cache, storage);
        const plan = await workflow.plan();
        const expected = model(specs, cache, stored);
        ran = [];
        const result = await workflow.run().then((value) => ({ value }), (error: unknown) => ({ error }));
        if (targets.some((i) => expected[i] === undefined)) {
          expect(result).toEqual({ error: expect.any(CancelledError) });
        } else expect(result).toEqual({ value: targets.map((i) => ({ n: expected[i] })) });
        for (const { name, action, message } of plan.steps) {
          seen[action] = (seen[action] ?? 0) + 1;
          const calls = ran.filter((other) => other === name).length;
          const wanted = action === "run" || action === "stale" ? [1] : action === "maybe" ? [0, 1] : [0];
          if (!wanted.includes(calls)) throw new Error(`${message} It ran ${calls} times.`);
        }
        for (const name of ran) {
          const at = Number(name.slice(1));
          const { cache: own, logged } = specs[at]!;
          if ((own ?? cache) !== false && !logged) stored.set(at, expected[at]!);
        }
        for (const [at, n] of stored) expect(await storage.readTask("agreement", `n${at}`)).toEqual({ n });
        ran = [];
        const undisturbed = await build(specs, targets, false).workflow.run().catch(() => undefined);
        if ([...specs.keys()].every((i) => (specs[i]!.cache ?? cache) !== "name" || specs[i]!.logged)) {
          expect("value" in result ? result.value : undefined).toEqual(undisturbed);
        }
      }
    }),
    { numRuns: 250 },
  );
  for (const action of ["run", "stale", "maybe", "stored", "unneeded"]) expect(seen[action]).toBeGreaterThan(20);
});
