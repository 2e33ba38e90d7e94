/** A workflow that several processes run; each call is a line of a file. */
import { defineWorkflow, type Input, task } from "@fusewire/fusewire";

const note = (log: string, what: string): void =>
  Deno.writeTextFileSync(log, `${Deno.pid} ${what}\n`, { append: true });

const extract = task(function extract(log: string, day: string): { rows: number[]; big: string } {
  note(log, `extract ${day}`);
  return { rows: [1, 2, 3], big: "x".repeat(100_000) };
});
const sum = task(function sum(log: string, rows: readonly number[]): number {
  note(log, `sum ${rows.join()}`);
  return rows.reduce((a, b) => a + b, 0);
});

/** Sums up a day. */
export const daily = defineWorkflow(
  "daily",
  { version: "1", cache: "content" },
  (input: Input<{ log: string; day: string }>) => sum(input.log, extract(input.log, input.day).item("rows")),
);

const square = task(function square(n: number): number {
  return n * n;
});

/** A crowd of steps for the threads of a pool. */
export const squares = defineWorkflow(
  "squares",
  { version: "1", cache: "content" },
  () => Array.from({ length: 20 }, (_, n) => square(n)),
);
