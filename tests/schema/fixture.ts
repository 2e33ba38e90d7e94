/**
 * Tasks that Web Workers find again, and a definition of them.
 *
 * @module
 */
import {
  anyOf,
  approval,
  branch,
  defineWorkflow,
  type Definition,
  type FromSchemaOptions,
  type Input,
  map,
  mapSettled,
  optional,
  type Ref,
  repeatUntil,
  sleep,
  subWorkflow,
  task,
  waitForSignal,
} from "@fusewire/fusewire";

class Total {
  #sum = 0;
  add(x: number): number {
    return this.#sum += x;
  }
}

const parse = task((text: string) => Number(text), { name: "parse" });
const square = task((x: number) => x * x, { name: "square", retry: { maxAttempts: 2 } });
const list = task((...all: unknown[]) => all, { name: "list" });
const total = task(Total, { name: "Total" });

/** What the definition's schema names. */
export const tasks = { parse, square, list, Total: total };

/** Calls, an instance, control flow and the input. */
export const mixed: Definition<{ texts: [string, string]; kind: string }, unknown> = defineWorkflow(
  "mixed",
  { version: "3" },
  (input: Input<{ texts: [string, string]; kind: string }>) => {
    const [a, b] = [parse(input.texts.item(0)), parse(input.texts.item(1))];
    const sum = total();
    sum.add(a);
    const both = sum.add(b);
    const chosen = branch(input.kind, { square: () => square(both), default: () => both });
    return list({ chosen, of: [anyOf(a), optional(square(b).when(a))] }, new Map([["constant", 1n]]));
  },
);

const words = defineWorkflow("words", { version: "2" }, (input: Input<{ text: string }>) => parse(input.text));
const isLarge = (x: number): boolean => x > 100;
const squareOf = (text: Ref<string>): Ref<number> => square(parse(text));
const payment = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: (value: unknown) => typeof value === "number" ? { value } : { issues: [{ message: "it is no number" }] },
  },
};

/** All that the schema of {@linkcode waiting} names. */
export const code: FromSchemaOptions = {
  tasks,
  functions: { isLarge, squareOf },
  inputs: { payment },
  workflows: [words],
};

/** Every kind of control that waits, repeats or has a run of its own. */
export const waiting: Definition<{ texts: string[]; ms: number }, unknown> = defineWorkflow(
  "waiting",
  { version: "1", timeout: 600_000 },
  (input: Input<{ texts: string[]; ms: number }>) => {
    const numbers = map(input.texts, parse, { minSuccessRatio: 0.5 });
    const squares = map(input.texts, squareOf, { concurrency: 2 });
    const settled = mapSettled(input.texts, parse);
    const slept = sleep(input.ms).after(sleep(new Date(0)), sleep(1).after(numbers));
    const paid = waitForSignal("paid", { timeout: 500_000, schema: payment });
    const decision = approval("ship").after(slept);
    const word = subWorkflow(words, { text: input.texts.item(0) as Ref<string> });
    const until = isLarge;
    const grown = repeatUntil(word, (x) => {
      const twice = repeatUntil(x, (y) => list(square(y)).item(0) as Ref<number>, {
        until,
        maxIterations: 2,
        onLimit: "last",
      });
      return branch(input.texts.item(0) as Ref<string>, {
        2: () => list(twice).item(0) as Ref<number>,
        default: () => twice,
      });
    }, { until, maxIterations: 4 });
    const begun = repeatUntil(3, (x) => square(x), { until, maxIterations: 5 });
    return list(numbers, squares, settled, paid, decision.item("by"), word, grown, begun);
  },
);
