import { expect } from "@std/expect";
import {
  anyOf,
  approval,
  branch,
  ConfigError,
  defineWorkflow,
  fromSchema,
  fromYaml,
  FusewireError,
  GraphError,
  type Input,
  map,
  type Ref,
  repeatUntil,
  sleep,
  subWorkflow,
  task,
  toSchema,
  toYaml,
  waitForSignal,
} from "@fusewire/fusewire";
import fc from "fast-check";

const add = task((a: number, b: number) => a + b, { name: "add", retry: { maxAttempts: 2 } });
const show = task((...args: unknown[]) => args, { name: "show" });
class Tally {
  note(_x: unknown): number {
    return 1;
  }
}
const tally = task(Tally, { name: "Tally" });
const isBig = (x: unknown): boolean => Number(x) > 10;
const part = defineWorkflow("part", { version: "1" }, () => add(1, 2));
const one = (): number => 1;
const broken = (): never => {
  throw new TypeError("It is broken");
};
const code = {
  tasks: { add, show, Tally: tally },
  functions: { isBig, one, broken },
  workflows: [part],
};

const header = `format: fusewire/workflow/1
workflow: w
version: "1"
single: true
`;
const good = `${header}steps:
  - name: a
    task: add
    args: [1, 2]
targets: [{ $node: a }]
`;

/** What a document is refused with. */
async function refusal(yaml: string): Promise<FusewireError> {
  const error: unknown = await fromYaml(yaml, code).then(() => new TypeError("It was read."), (error) => error);
  if (!(error instanceof FusewireError)) throw error;
  return error;
}

/** A document with these steps and targets. */
const of = (steps: string, targets = "[{ $node: a }]"): string => `${header}steps: ${steps}\ntargets: ${targets}\n`;

const refusedAsText: readonly [what: string, yaml: string, named: RegExp][] = [
  ["nothing", "", /null at/],
  ["a text", "hello", /"hello" at/],
  ["no YAML", "a: [1", /no valid YAML.*line/s],
  ["two documents", `${good}---\n${good}`, /no valid YAML/],
  ["a duplicate key", `${good}version: "2"\n`, /duplicated key.*line/s],
  [
    "a tag that makes a function",
    `${header}steps: !!js/function "function () {}"\ntargets: []\n`,
    /no valid YAML.*tag.*line/s,
  ],
  ["a tag that makes an object", of('[{ name: a, task: add, args: [!!js/regexp "/a/"] }]'), /no valid YAML.*tag/s],
  ["a tag of one's own", of("[{ name: a, task: add, args: [!mine 1] }]"), /no valid YAML.*tag/s],
  ["a set", of("[{ name: a, task: add, args: [!!set { a, b }] }]"), /no valid YAML.*tag/s],
  ["a binary", of("[{ name: a, task: add, args: [!!binary aGk=] }]"), /no valid YAML.*tag/s],
  ["an alias", of("[&x { name: a, task: add, args: [1, 2] }, *x]"), /alias of another part.*steps\[1\]/],
  ["an alias of itself", of("&x [*x]"), /alias of another part.*steps\[0\]/],
  ["an unknown alias", of("[*nobody]"), /no valid YAML.*alias.*line/s],
  ["a merge key", `${header}base: &b { name: a }\nsteps: []\ntargets: []\n`, /unknown field "base"/],
  ["a merge", of("[{ <<: { name: a }, task: add, args: [] }]"), /key "<<".*steps\[0\]/],
  ["a key of prototypes", `${good}__proto__: { polluted: true }\n`, /key "__proto__"/],
  [
    "a prototype inside",
    of("[{ name: a, task: add, args: [{ __proto__: { polluted: 1 } }, 2] }]"),
    /key "__proto__".*args\[0\]/,
  ],
  [
    "a constructor inside",
    of("[{ name: a, task: add, args: [{ constructor: 1 }, 2] }]"),
    /key "constructor".*args\[0\]/,
  ],
  ["a number that is none", of("[{ name: a, task: add, args: [.nan, 2] }]"), /NaN, which is written/],
];

const refusedAsData: readonly [what: string, yaml: string, named: RegExp][] = [
  [
    "another format",
    good.replace("workflow/1", "workflow/9"),
    /workflow\/9.*the schema.format.*"fusewire\/workflow\/1"/,
  ],
  ["no name", good.replace("workflow: w\n", ""), /lacks `workflow`/],
  ["a name that is a number", good.replace("workflow: w", "workflow: 12"), /12 at the schema.workflow.*string/],
  ["a name that no store takes", good.replace("workflow: w", 'workflow: "a\\u0000b"'), /name "a\\u0000b" is refused/],
  ["a step without a name", of("[{ name: '', task: add, args: [] }]", "[{ $node: '' }]"), /name "" is refused/],
  [
    "a step's name that no store takes",
    of('[{ name: "a\\u0007", task: add, args: [] }]', '[{ $node: "a\\u0007" }]'),
    /U\+0007/,
  ],
  [
    "a step's name that is too long",
    of(`[{ name: ${"a".repeat(256)}, task: add, args: [] }]`, `[{ $node: ${"a".repeat(256)} }]`),
    /256 UTF-8 bytes/,
  ],
  ["a version that is a number", good.replace('version: "1"', "version: 1"), /1 at the schema.version.*quotes/],
  ["an unknown field", `${good}extra: 1\n`, /unknown field "extra" at the schema; there may be format/],
  [
    "an unknown field of a step",
    of("[{ name: a, task: add, args: [], retry: 1 }]"),
    /unknown field "retry" at the schema.steps\[0\]/,
  ],
  [
    "an unknown option",
    of("[{ name: a, task: add, args: [], options: { retries: 1 } }]"),
    /"retries" at the schema.steps\[0\].options/,
  ],
  [
    "an option out of range",
    of("[{ name: a, task: add, args: [], options: { timeout: -1 } }]"),
    /`timeout`.*steps\[0\].options is -1/,
  ],
  [
    "an option of another type",
    of("[{ name: a, task: add, args: [], options: { pure: 1 } }]"),
    /1 at .*options.pure.*true or false/,
  ],
  ["an unknown task", of("[{ name: a, task: sub, args: [] }]"), /"sub" at steps\[0\].task.*"add", "show", "Tally"/],
  ["a task of all objects", of("[{ name: a, task: toString, args: [] }]"), /"toString" at steps\[0\].task/],
  [
    "an unknown function",
    of("[{ name: a, task: add, args: [], options: { onFailure: { function: f } } }]"),
    /"f".*onFailure.*"isBig"/,
  ],
  [
    "code that the task lacks",
    of("[{ name: a, task: add, args: [], options: { onFailure: { from: task } } }]"),
    /onFailure from the step's task/,
  ],
  ["a missing step", of("[{ name: a, task: add, args: [{ $node: b }, 1] }]"), /no step `b`, which step `a` names/],
  ["a missing target", of("[{ name: a, task: add, args: [] }]", "[{ $node: z }]"), /no step `z`, which a target names/],
  [
    "a step twice",
    of("[{ name: a, task: add, args: [] }, { name: a, task: add, args: [] }]"),
    /two steps with the name `a`/,
  ],
  [
    "a step that nothing needs",
    of("[{ name: a, task: add, args: [] }, { name: b, task: add, args: [] }]"),
    /`b`, which no target needs/,
  ],
  [
    "a cycle",
    of("[{ name: a, task: add, args: [{ $node: b }] }, { name: b, task: add, args: [], after: [a] }]"),
    /cycle: `a` waits for `b` waits for `a`/,
  ],
  [
    "a step that waits for itself",
    of("[{ name: a, task: add, args: [], when: [{ of: { $node: a } }] }]"),
    /cycle: `a` waits for `a`/,
  ],
  [
    "two targets for one",
    of("[{ name: a, task: add, args: [] }]", "[{ $node: a }, { $node: a }]"),
    /2 targets.*single/,
  ],
  ["a target that is data", of("[{ name: a, task: add, args: [] }]", "[1]"), /1 at the schema.targets\[0\]/],
  [
    "a step of both kinds",
    of("[{ name: a, task: add, control: { kind: anyOf }, args: [] }]"),
    /both `task` and `control`/,
  ],
  [
    "control of no kind",
    of("[{ name: a, control: { kind: goto }, args: [] }]"),
    /"goto" at .*control.kind.*"optional", "anyOf", "branch"/,
  ],
  ["an empty anyOf", of("[{ name: a, control: { kind: anyOf }, args: [] }]"), /takes at least one/],
  [
    "control over data",
    of("[{ name: a, control: { kind: optional }, args: [1] }]"),
    /the number 1, which is not a node/,
  ],
  [
    "a branch without cases",
    of("[{ name: a, control: { kind: branch }, args: [{ $input: [] }] }]"),
    /lacks `cases` at the schema.steps\[0\].control/,
  ],
  [
    "a branch with other cases",
    of("[{ name: a, control: { kind: branch, cases: [x, y] }, args: [{ $input: [] }, { $input: [] }] }]"),
    /each of its 2 cases/,
  ],
  [
    "cases in no order",
    of(
      "[{ name: a, control: { kind: branch, cases: [x, '1'] }, args: [{ $input: [] }, { $input: [] }, { $input: [] }] }]",
    ),
    /numbers come first: 1, x/,
  ],
  [
    "a method of no class",
    of("[{ name: b, task: add, args: [] }, { name: a, task: add, method: m, instance: b, args: [] }]"),
    /of task `add`, which is no class/,
  ],
  [
    "a method that is not there",
    of("[{ name: b, task: Tally, args: [] }, { name: a, task: Tally, method: constructor, instance: b, args: [] }]"),
    /"constructor".*which the class of task `Tally` lacks/,
  ],
  [
    "an instance that is a call",
    of("[{ name: b, task: add, args: [] }, { name: a, task: Tally, method: note, instance: b, args: [], after: [b] }]"),
    /`b` at steps\[1\].instance, which is a call/,
  ],
  [
    "a form that stands for nothing",
    of("[{ name: a, task: add, args: [{ $fn: x }] }]"),
    /`\$fn` at steps\[0\].args\[0\]/,
  ],
  [
    "a form with more beside it",
    of("[{ name: a, task: add, args: [{ $bigint: '1', x: 1 }] }]"),
    /nothing beside it.*`x`/,
  ],
  ["a number that is no number", of("[{ name: a, task: add, args: [{ $number: '1' }] }]"), /\$number/],
  ["a bigint of letters", of("[{ name: a, task: add, args: [{ $bigint: 'x' }] }]"), /\$bigint/],
  ["a date that is none", of("[{ name: a, task: add, args: [{ $date: never }] }]"), /\$date/],
  ["pairs that are none", of("[{ name: a, task: add, args: [{ $map: [[1]] }] }]"), /pairs/],
  [
    "an encoding that is damaged",
    of("[{ name: a, task: add, args: [{ $encoded: RlcB } ] }]"),
    /no value at steps\[0\].args\[0\]/,
  ],
  [
    "an encoding that is no Base64",
    of("[{ name: a, task: add, args: [{ $encoded: '!' } ] }]"),
    /no value at steps\[0\].args\[0\]/,
  ],
  [
    "a part of the input by an object",
    of("[{ name: a, task: add, args: [{ $input: [{}] }] }]"),
    /an object at .*\$input\[0\]/,
  ],
  [
    "a case without its branch",
    of("[{ name: a, task: add, args: [], when: [{ of: { $input: [] }, case: x }] }]"),
    /only one of `case` and `cases`/,
  ],
  [
    "a condition of two kinds",
    of("[{ name: a, task: add, args: [], when: [{ of: { $input: [] }, predicate: isBig, until: isBig }] }]"),
    /both `predicate` and `until` in when\[0\]/,
  ],
  [
    "a condition of an unknown loop",
    of("[{ name: a, task: add, args: [], when: [{ of: { $input: [] }, until: never }] }]"),
    /"never" at steps\[0\].when\[0\].until.*"isBig"/,
  ],
  ["the items of a map", of("[{ name: a, control: { kind: gather }, args: [] }]"), /"gather" at .*control.kind/],
  ["a sleep of a text", of("[{ name: a, control: { kind: sleep }, args: [soon] }]"), /steps\[0\], `a`.*"soon"/],
  [
    "a sleep of two times",
    of("[{ name: a, control: { kind: sleep }, args: [1, 2] }]"),
    /2 arguments at steps\[0\].args/,
  ],
  ["a sleep for ever", of("[{ name: a, control: { kind: sleep }, args: [{ $number: Infinity }] }]"), /`a`.*finite/],
  [
    "a signal whose name no store takes",
    of('[{ name: a, control: { kind: waitForSignal }, args: ["\\u0000"] }]'),
    /steps\[0\], `a`.*waitForSignal\(\)/,
  ],
  ["a signal without a name", of("[{ name: a, control: { kind: waitForSignal }, args: [] }]"), /0 arguments/],
  [
    "a signal with a timeout of nothing",
    of("[{ name: a, control: { kind: waitForSignal, timeout: 0 }, args: [go] }]"),
    /steps\[0\], `a`.*`timeout` of waitForSignal\(\) is 0/,
  ],
  [
    "a signal with an unknown schema",
    of("[{ name: a, control: { kind: waitForSignal, schema: s }, args: [go] }]"),
    /"s" at steps\[0\].control.schema.*`inputs`.*none/,
  ],
  [
    "an approval with a schema",
    of("[{ name: a, control: { kind: approval, schema: s }, args: [go] }]"),
    /unknown field "schema" at .*control; there may be kind, timeout/,
  ],
  [
    "an unknown definition",
    of("[{ name: a, control: { kind: subWorkflow, workflow: part, version: '2' }, args: [] }]"),
    /"part" of version "2" at steps\[0\].control of step `a`.*"part" "1"/,
  ],
  [
    "a definition without a version",
    of("[{ name: a, control: { kind: subWorkflow, workflow: part }, args: [] }]"),
    /lacks `version` at .*control/,
  ],
  [
    "a run with two inputs",
    of("[{ name: a, control: { kind: subWorkflow, workflow: part, version: '1' }, args: [1, 2] }]"),
    /2 arguments at steps\[0\].args/,
  ],
  ["a map of nothing", of("[{ name: a, control: { kind: map, body: { task: add } }, args: [] }]"), /0 arguments/],
  [
    "a map of data",
    of("[{ name: a, control: { kind: map, body: { task: add } }, args: [[1, 2]] }]"),
    /steps\[0\], `a`.*an array of 2/,
  ],
  ["a map without a body", of("[{ name: a, control: { kind: map }, args: [{ $input: [] }] }]"), /lacks `body`/],
  [
    "a map of an unknown task",
    of("[{ name: a, control: { kind: map, body: { task: f } }, args: [{ $input: [] }] }]"),
    /"f" at steps\[0\].control.body.task/,
  ],
  [
    "a map of an unknown function",
    of("[{ name: a, control: { kind: map, body: { function: toString } }, args: [{ $input: [] }] }]"),
    /"toString" at steps\[0\].control.body.function/,
  ],
  [
    "a map of two bodies",
    of("[{ name: a, control: { kind: map, body: { function: isBig, task: add } }, args: [{ $input: [] }] }]"),
    /unknown field "task"/,
  ],
  [
    "a map of a class",
    of("[{ name: a, control: { kind: map, body: { task: Tally } }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*body of `map\(\)`/,
  ],
  [
    "a map whose body makes no node",
    of("[{ name: a, control: { kind: map, body: { function: one } }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*returned the number 1/,
  ],
  [
    "a map whose body throws",
    of("[{ name: a, control: { kind: map, body: { function: broken } }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*can not be made: It is broken/,
  ],
  [
    "a map with a share above all",
    of("[{ name: a, control: { kind: map, body: { task: add }, minSuccessRatio: 2 }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*`minSuccessRatio` of map\(\) is 2/,
  ],
  [
    "a settled map with a share",
    of("[{ name: a, control: { kind: mapSettled, body: { task: add }, minSuccessRatio: 1 }, args: [{ $input: [] }] }]"),
    /unknown field "minSuccessRatio"/,
  ],
  [
    "a map with a concurrency of a half",
    of("[{ name: a, control: { kind: mapSettled, body: { task: add }, concurrency: 0.5 }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*`concurrency` of mapSettled\(\) is 0.5/,
  ],
  [
    "an option of a body out of range",
    of("[{ name: a, control: { kind: map, body: { task: add, options: { timeout: 0 } } }, args: [{ $input: [] }] }]"),
    /`timeout`.*steps\[0\].control.body.options is 0/,
  ],
  [
    "a loop without iterations",
    of("[{ name: a, control: { kind: repeatUntil, until: isBig }, args: [] }]"),
    /0 arguments at steps\[0\].args.*1 to 10,000/,
  ],
  [
    "a loop that does not say when it ends",
    of("[{ name: a, control: { kind: repeatUntil }, args: [{ $input: [] }] }]"),
    /lacks `until`/,
  ],
  [
    "a loop with an unknown end",
    of("[{ name: a, control: { kind: repeatUntil, until: never }, args: [{ $input: [] }] }]"),
    /"never" at steps\[0\].control.until/,
  ],
  [
    "a loop with another limit",
    of("[{ name: a, control: { kind: repeatUntil, until: isBig, onLimit: skip }, args: [{ $input: [] }] }]"),
    /"skip" at .*onLimit/,
  ],
  [
    "a loop over the input",
    of("[{ name: a, control: { kind: repeatUntil, until: isBig }, args: [{ $input: [] }] }]"),
    /steps\[0\], `a`.*which is there before any step/,
  ],
  [
    "an iteration that does not hang on the one before",
    of(
      "[{ name: a, control: { kind: repeatUntil, until: isBig }, args: [{ $node: b }, { $node: c }] }, " +
        "{ name: b, task: add, args: [1, 2] }, " +
        "{ name: c, task: add, args: [{ $node: b }, 1], when: [{ of: { $node: b }, predicate: isBig }] }]",
    ),
    /steps\[0\].args\[1\] an iteration that would go on.*until: "isBig"/,
  ],
  [
    "a beginning that is a reference",
    of("[{ name: a, control: { kind: initial }, args: [{ $input: [] }] }]"),
    /steps\[0\].args\[0\], where a loop begins with plain data/,
  ],
  [
    "a beginning with a reference inside",
    of("[{ name: a, control: { kind: initial }, args: [[{ $input: [] }]] }]"),
    /steps\[0\], `a`.*references inside/,
  ],
  ["a run that may take no time", `${good}timeout: 0\n`, /`timeout` of definition `w` is 0/],
  [
    "a rate without an interval",
    of("[{ name: a, task: add, args: [], options: { rateLimit: { key: k, limit: 1 } } }]"),
    /lacks `interval` at .*rateLimit/,
  ],
  [
    "a rate of nothing",
    of("[{ name: a, task: add, args: [], options: { rateLimit: { key: k, limit: 0, interval: 1 } } }]"),
    /`rateLimit.limit`.*steps\[0\].options is 0/,
  ],
];

for (const [what, yaml, named] of [...refusedAsText, ...refusedAsData]) {
  Deno.test(`fromYaml() refuses ${what}`, async () => {
    const error = await refusal(yaml);
    expect(error.message).toMatch(named);
    expect(error instanceof ConfigError || error instanceof GraphError).toBe(true);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });
}

Deno.test("The document that the others are changes of is read", async () => {
  expect((await fromYaml(good, code)).name).toBe("w");
  expect(
    (await fromYaml(
      of("[{ name: a, task: add, args: [{ $node: b }, 1] }, { name: b, task: add, args: [1, 2] }]"),
      code,
    )).version,
  )
    .toBe("1");
});

Deno.test("Definitions that a schema is read with are told apart by name and version", async () => {
  const yaml = of("[{ name: a, control: { kind: subWorkflow, workflow: part, version: '1' }, args: [] }]");
  expect((await fromYaml(yaml, { ...code, workflows: [part, part] })).name).toBe("w");
  const same = defineWorkflow("part", { version: "1" }, () => add(1, 2));
  await expect(fromYaml(yaml, { ...code, workflows: [part, same] })).rejects.toThrow("which is 2 of the `workflows`");
  await expect(fromYaml(yaml, { tasks: {} })).rejects.toThrow("there are none");
  const made = { name: "part", version: "1", build: () => add(1, 2) };
  await expect(fromYaml(yaml, { tasks: {}, workflows: [made] })).rejects.toThrow("what defineWorkflow() returns");
  const record = { part } as never;
  await expect(fromYaml(yaml, { tasks: {}, workflows: record })).rejects.toThrow("takes a list");
});

Deno.test("fromYaml() refuses aliases that would grow to a billion parts, at once", async () => {
  const laughs = Array.from(
    { length: 30 },
    (_, i) => `x${i}: &x${i} [${i === 0 ? "1" : `*x${i - 1}`}, ${i === 0 ? "1" : `*x${i - 1}`}]`,
  );
  const before = performance.now();
  expect((await refusal(`${laughs.join("\n")}\n${good}`)).message).toContain("alias of another part");
  expect(performance.now() - before).toBeLessThan(2_000);
});

Deno.test("fromYaml() refuses what is nested too deep or too long, at once", async () => {
  const before = performance.now();
  for (const depth of [300, 3_000, 300_000]) {
    const deep = "[".repeat(depth) + "]".repeat(depth);
    expect((await refusal(of(`[{ name: a, task: add, args: [${deep}] }]`))).message).toMatch(/levels|too deep/);
  }
  const indented = Array.from({ length: 3_000 }, (_, i) => `${" ".repeat(i)}a:\n`).join("");
  expect((await refusal(indented)).message).toMatch(/levels|too deep/);
  expect((await refusal("#".repeat(17 * 1024 * 1024))).message).toContain("at most 16777216");
  expect(performance.now() - before).toBeLessThan(10_000);
});

Deno.test("fromSchema() takes data of JSON, and refuses objects of classes, cycles and functions", async () => {
  const schema = await toSchema(defineWorkflow("json", { version: "1" }, () => add(1, 2)));
  expect((await fromSchema(JSON.parse(JSON.stringify(schema)), code)).name).toBe("json");
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  for (const arg of [new Date(), new Map(), () => 1, 1n, Symbol("a"), undefined, cyclic, NaN]) {
    const args = [arg] as never[];
    await expect(fromSchema({ ...schema, steps: [{ ...schema.steps[0]!, args }] }, code)).rejects.toThrow(ConfigError);
  }
});

Deno.test("Random changes of a document give another schema or a FusewireError, never a hang or a change of prototypes", async () => {
  const definition = defineWorkflow("fuzzed", { version: "1" }, (input: Input<{ day: string }>) => {
    const live = tally();
    const sum = add(1, 2).when(live.note(input.day), isBig).with({ retry: { maxDelay: Infinity } });
    const chosen = branch(input.day, {
      a: () => show(sum, { deep: [sum, 1n, new Date(0), new Set([1])] }),
      default: () => sum,
    });
    const grown = repeatUntil(1, (x) => add(x, 1).with({ rateLimit: { key: "k", limit: 1, interval: 1 } }), {
      until: isBig,
      maxIterations: 2,
    });
    const decided = approval("ship", { timeout: 5 }).after(sleep(1), waitForSignal("go", { timeout: 5 }));
    const parts = [map(input.day as Ref<unknown> as Ref<number[]>, show, { minSuccessRatio: 0.5 }), subWorkflow(part)];
    return [
      anyOf(chosen, sum).setName('any: # "one"'),
      live,
      show("2026", "yes", -0).item(0),
      show(grown, decided, parts),
    ];
  });
  const yaml = await toYaml(definition, code);
  const pieces = [
    "__proto__",
    "constructor",
    "<<",
    "&a ",
    "*a",
    "!!js/function ",
    "!x ",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "\n",
    "  ",
    "#",
    "'",
    '"',
    "$node",
    "$",
    "null",
    "1e999",
    "|\n",
    "? ",
    "\t",
    "\0",
    "\ud800",
    "---\n",
    "%YAML 1.2\n",
  ];
  const edit = fc.record({
    at: fc.nat(yaml.length),
    remove: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(60)),
    insert: fc.oneof(
      fc.constantFrom("a", "1", " "),
      fc.constantFrom("", ...pieces),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    copy: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, {
      weight: 1,
      arbitrary: fc.record({ from: fc.nat(yaml.length), length: fc.nat(200) }),
    }),
  });
  const prototypes = [Object.prototype, Array.prototype, Function.prototype].map((of) =>
    JSON.stringify(Reflect.ownKeys(of).map(String))
  );
  let read = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
      let changed = yaml;
      for (const { at, remove, insert, copy } of edits) {
        const copied = copy === undefined ? "" : yaml.slice(copy.from, copy.from + copy.length);
        changed = changed.slice(0, at) + insert + copied + changed.slice(at + remove);
      }
      const before = performance.now();
      try {
        const back = await fromYaml(changed, code);
        const again = await fromYaml(await toYaml(back, code), code);
        expect(await toSchema(again, code)).toEqual(await toSchema(back, code));
        read++;
      } catch (error) {
        if (!(error instanceof FusewireError)) throw error;
        expect(error.message.length).toBeGreaterThan(20);
        refused++;
      }
      expect(performance.now() - before).toBeLessThan(2_000);
    }),
    { numRuns: 1_000 },
  );
  expect(read).toBeGreaterThan(15);
  expect(refused).toBeGreaterThan(300);
  expect(
    [Object.prototype, Array.prototype, Function.prototype].map((of) =>
      JSON.stringify(Reflect.ownKeys(of).map(String))
    ),
  ).toEqual(prototypes);
});
