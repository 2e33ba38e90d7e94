/**
 * Random definitions: calls, instances, control flow, conditions, options, references and constants of every kind.
 *
 * @module
 */
import {
  anyOf,
  approval,
  branch,
  type CacheMode,
  defineWorkflow,
  type Definition,
  type FromSchemaOptions,
  type Input,
  map,
  mapSettled,
  type Node,
  type NodeItem,
  nodeOf,
  optional,
  type Policy,
  type Ref,
  repeatUntil,
  sleep,
  subWorkflow,
  task,
  type TaskOptions,
  waitForSignal,
} from "@fusewire/fusewire";
import fc from "fast-check";
import { nameProblem } from "../../storage/names.ts";
import { anyTree } from "../storage/codec/any_value.ts";

/** A part of a value that may be looked into anywhere. */
function part(ref: Ref<unknown>, ...keys: readonly (string | number)[]): Ref<unknown> {
  const open = ref as NodeItem<Readonly<Record<string | number, unknown>>>;
  return keys.length === 0 ? ref : part(open.item(keys[0]!), ...keys.slice(1));
}

class Tally {
  readonly #seen: unknown[] = [];
  constructor(...first: unknown[]) {
    this.#seen.push(...first);
  }
  note(...more: unknown[]): unknown {
    return this.#seen.push(...more);
  }
  'odd: # "name"'(): unknown {
    return this.#seen.length;
  }
}

const keep = task((...args: unknown[]): unknown => args, { name: "keep" });
const flaky = task((...args: unknown[]): unknown => args.length, {
  name: 'flaky: # "task" ü',
  retry: { maxAttempts: 2, initialDelay: 0, maxDelay: Infinity, retryIf: () => true },
  onFailure: (): unknown => ({}),
  policies: [{}],
  seed: "seed",
});
const builder = task(Tally, { name: "Tally", version: "2" });
const isSet = (value: unknown): boolean => value !== undefined;
const recover = (): unknown => ({});
const guard: Policy = { onStart: () => {} };
const around = { beforeAll: () => {}, setup: () => 1, teardown: () => {} };
const isNested = (value: unknown): boolean => {
  let depth = 0;
  for (let part = value; Array.isArray(part) && depth < 4; part = part[0]) depth++;
  return depth > 3;
};
const each = (item: Ref<unknown>): Ref<unknown> => keep(flaky(item), optional(keep(item).when(item)));
const noted = {
  "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) },
};
const child: Definition<unknown, unknown> = defineWorkflow(
  'child: # "1"',
  { version: "7" },
  (input: Input<unknown>) => keep(input),
);

/** What schemas of random workflows are written and read with. */
export const code: FromSchemaOptions = {
  tasks: { keep, 'flaky: # "task" ü': flaky, Tally: builder },
  functions: { isSet, "re: cover": recover, isNested, each },
  policies: { guard },
  hooks: { around },
  inputs: { noted },
  workflows: [child],
};

type Way = "all" | "item" | "deep" | "input" | "instance";

/** What a step is given: a constant, or something by the places of earlier steps. */
type Given = { readonly constant: unknown } | { readonly of: number; readonly way: Way };

const kinds = [
  "keep",
  "flaky",
  "make",
  "call",
  "odd",
  "optional",
  "anyOf",
  "branch",
  "sleep",
  "waitForSignal",
  "approval",
  "map",
  "mapSettled",
  "subWorkflow",
  "repeatUntil",
] as const;

/** One step of a random workflow. */
interface Plan {
  readonly kind: typeof kinds[number];
  readonly given: readonly Given[];
  readonly after: readonly number[];
  readonly when: readonly { readonly of: number; readonly predicate: boolean; readonly input: boolean }[];
  readonly options: TaskOptions<unknown> | undefined;
  readonly name: string | undefined;
}

const place = fc.nat(1_000);
/** Names that YAML or JavaScript might take for something else, and any other. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ': # "',
    "- a",
    "yes",
    "null",
    "~",
    "1",
    "0x1f",
    "1e3",
    ".inf",
    "__proto__",
    "constructor",
    "<<",
    "=",
    "$node",
    "&a",
    "*a",
    "!!js/function",
    "%YAML",
    "{a: b}",
    "[a]",
    "a, b",
    "|",
    ">-",
    "? a",
    "'",
    " a ",
    "2026-01-01",
    "keep_9001",
    "keep_01",
    "🦕 ü\u2028\ufeff",
    "---",
    "...",
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
).filter((name) => nameProblem(name) === undefined);
const given: fc.Arbitrary<Given> = fc.oneof(
  fc.record({ constant: anyTree }),
  fc.record({ of: place, way: fc.constantFrom<Way>("all", "item", "deep", "input", "instance") }),
);
const options: fc.Arbitrary<TaskOptions<unknown>> = fc.record({
  version: fc.string(),
  retry: fc.record({
    maxAttempts: fc.constantFrom(1, 3),
    maxDelay: fc.constantFrom(1e300, Infinity),
    initialDelay: fc.constantFrom(0, -0, 0.1),
    jitter: fc.constantFrom(0, 1),
    retryIf: fc.constant(isSet),
  }, { requiredKeys: ["initialDelay"] }),
  timeout: fc.constantFrom(60_000, 60_000.5),
  cache: fc.constantFrom<CacheMode>("name", "content", false),
  seed: fc.oneof(fc.string(), fc.double(), fc.integer()),
  onFailure: fc.constantFrom("fail" as const, "skip" as const, recover),
  concurrency: fc.record({ key: fc.string(), limit: fc.integer({ min: 1 }) }),
  rateLimit: fc.record({
    key: fc.string(),
    limit: fc.integer({ min: 1 }),
    interval: fc.constantFrom(1, 0.5, 60_000),
  }),
  policies: fc.constantFrom([], [guard]),
  hooks: fc.constant(around),
  pure: fc.boolean(),
  transfer: fc.boolean(),
}, { requiredKeys: [] });
const plan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom(...kinds, "keep", "call"),
  given: fc.array(given, { maxLength: 4 }),
  after: fc.array(place, { maxLength: 2 }),
  when: fc.array(fc.record({ of: place, predicate: fc.boolean(), input: fc.boolean() }), { maxLength: 2 }),
  options: fc.option(options, { nil: undefined, freq: 2 }),
  name: fc.option(anyName, { nil: undefined, freq: 2 }),
});

/** Random definitions, each with the number of its steps. */
export const anyDefinition: fc.Arbitrary<Definition<unknown, unknown>> = fc.record({
  name: anyName,
  version: fc.string({ minLength: 1 }),
  plans: fc.array(plan, { minLength: 1, maxLength: 12 }),
  targets: fc.array(place, { minLength: 1, maxLength: 3 }),
  single: fc.boolean(),
  options: fc.record({
    cache: fc.constantFrom<CacheMode>("name", "content", false),
    queue: fc.string({ minLength: 1 }),
    policies: fc.constant([guard]),
    timeout: fc.constantFrom(1e9, Infinity),
    hooks: fc.constant(around),
    scope: fc.constantFrom("ancestors", "descendants"),
  }, { requiredKeys: [] }),
}).map(({ name, version, plans, targets, single, options }) => {
  const definition: Definition<unknown, unknown> = defineWorkflow(
    name,
    { ...options, version },
    (input: Input<{ day: unknown; deep: unknown }>) => {
      const made = build(plans, input);
      const chosen = targets.map((of) => made[of % made.length]!);
      return single ? chosen[0]! : chosen;
    },
  );
  return definition;
});

function build(plans: readonly Plan[], input: Input<{ day: unknown; deep: unknown }>): Ref<unknown>[] {
  /** What may be a target; an instance stands for its node. */
  const made: Ref<unknown>[] = [];
  const nodes: Node<unknown>[] = [];
  const instances: ReturnType<typeof builder>[] = [];
  const names = new Set<string>();
  const valued: Node<unknown>[] = [];
  const add = (node: Node<unknown>, { after, when, options, name }: Plan, isControl = false): Node<unknown> => {
    const before = nodes.length;
    if (before > 0) node.after(...after.map((of) => nodes[of % before]!));
    for (const { of, predicate, input: onInput } of when) {
      const on = onInput ? part(input.deep, of) : valued[of % valued.length];
      if (on === undefined) continue;
      if (predicate) node.when(on, isSet);
      else node.when(on);
    }
    if (options !== undefined && !isControl) node.with(options);
    if (name !== undefined && !names.has(name)) node.setName(name);
    names.add(node.name);
    nodes.push(node);
    return node;
  };
  for (const plan of plans) {
    const seen = [...valued];
    const of = (at: number): Node<unknown> | undefined => seen[at % seen.length];
    const args = plan.given.map((given): unknown => {
      if ("constant" in given) return given.constant;
      const node = of(given.of);
      const instance = instances[given.of % instances.length];
      switch (given.way) {
        case "all":
          return node;
        case "item":
          return node && part(node, given.of, "length: #", "__proto__");
        case "deep":
          return {
            list: [node, { $key: [node && part(node, 0), input.day, 1n] }],
            instance,
            constant: new Date(given.of),
          };
        case "input":
          return given.of % 2 === 0 ? input : part(input.day, "part", 3);
        case "instance":
          return instance;
      }
    });
    const steps = plan.given.flatMap((given) => "of" in given ? of(given.of) ?? [] : []);
    const [first, ...others] = steps;
    const instance = instances[plan.given.length % instances.length];
    const last = (node: Node<unknown>): void => void (valued.push(node), made.push(node));
    switch (plan.kind) {
      case "make": {
        const instance = builder(...args);
        add(nodeOf(instance), plan);
        instances.push(instance);
        made.push(instance);
        break;
      }
      case "call":
      case "odd":
        if (instance === undefined) last(add(keep(...args), plan));
        else last(add(plan.kind === "odd" ? instance['odd: # "name"']() : instance.note(...args), plan));
        break;
      case "optional":
        last(first === undefined ? add(keep(...args), plan) : add(optional(part(first, "part")), plan, true));
        break;
      case "anyOf":
        last(first === undefined ? add(keep(...args), plan) : add(anyOf(first, ...others), plan, true));
        break;
      case "branch": {
        const selector = first ?? input.day;
        const cases = {
          "b: #": () => add(keep(...args), { ...plan, name: undefined }),
          a: () => input.day,
          1: () => first ?? keep(),
          default: () => optional(add(flaky(...args), { ...plan, name: undefined })),
        };
        last(add(branch<string, typeof cases>(selector as unknown as Ref<string>, cases), plan, true));
        break;
      }
      case "sleep":
        last(add(sleep(part(first ?? input.day, "part", 1) as Ref<number>), plan, true));
        last(add(sleep(steps.length % 2 === 0 ? steps.length : new Date(50)), { ...plan, name: undefined }, true));
        break;
      case "waitForSignal": {
        const schema = steps.length > 1 ? { schema: noted } : {};
        const name = steps.length % 2 === 0 ? 'paid: # "1"' : part(input.deep, "name") as Ref<string>;
        last(add(optional(add(waitForSignal(name, { timeout: 1 + args.length, ...schema }), plan, true)), plan, true));
        break;
      }
      case "approval":
        last(add(approval("ap: # proval", { timeout: 0.5 + args.length }), plan, true));
        last(add(optional(made.at(-1)!), { ...plan, name: undefined }, true));
        break;
      case "map": {
        const list = first ?? part(input.day, "part");
        const limits = [{}, { concurrency: 2 }, { minSuccessRatio: 0.25 }, { minSuccessRatio: -0, concurrency: 1 }];
        const body = args.length % 2 === 0 ? each : flaky;
        last(add(map(list as Ref<unknown[]>, body, limits[plan.after.length + plan.when.length]), plan, true));
        break;
      }
      case "mapSettled": {
        const list = part(input.day, "part") as Ref<unknown[]>;
        last(add(mapSettled(list, args.length % 2 === 0 ? keep : each, { concurrency: 1 + args.length }), plan, true));
        break;
      }
      case "subWorkflow":
        last(add(subWorkflow(child, { steps, day: input.day, length: args.length, none: undefined }), plan, true));
        break;
      case "repeatUntil": {
        const [constant] = plan.given.flatMap((given) => "constant" in given ? [given.constant] : []);
        const inner = { ...plan, name: undefined };
        const once = (value: Ref<unknown>, i: number): Ref<unknown> => {
          const made = add(keep(value, i, args.length), inner);
          if (steps.length === 1) return part(add(keep([[made]]), inner), 0);
          const twice = (value: Ref<unknown>): Ref<unknown> => add(keep(value), inner);
          if (steps.length > 1) return repeatUntil(made, twice, { until: isNested, maxIterations: 2, onLimit: "last" });
          return branch(input.day as Ref<string>, { a: () => twice(made), default: () => made });
        };
        const limit = { until: isNested, maxIterations: 1 + plan.after.length + plan.when.length };
        last(
          add(
            repeatUntil(first ?? constant, once, args.length > 2 ? limit : { ...limit, onLimit: "last" }),
            plan,
            true,
          ),
        );
        break;
      }
      case "keep":
        last(add(keep(...args), plan));
        break;
      case "flaky":
        last(add(flaky(...args), plan));
        break;
    }
  }
  return made;
}
