/**
 * Tasks that Web Workers find again, and a definition of them.
 *
 * @module
 */
import { anyOf, branch, defineWorkflow, type Definition, type Input, optional, task } from "@fusewire/fusewire";

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
