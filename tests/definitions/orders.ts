/**
 * The same order as a schema of each library, and a workflow of each.
 *
 * @module
 */
import { defineWorkflow, type Definition, type Input, type NodeItem, task } from "@fusewire/fusewire";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import { typeOf } from "../types/type_of.ts";

/** What an order is once it was checked. */
interface Order {
  readonly day: Date;
  readonly amount: number;
  readonly customer: { readonly name: string; readonly tags: string[] };
  readonly lines: { readonly sku: string; readonly count: number }[];
  readonly note?: string | undefined;
}

const yearOf = task((day: Date) => day.getUTCFullYear(), { name: "yearOf" });
export const twice = task((n: number) => n * 2, { name: "twice" });
export const list = task((...values: unknown[]) => values, { name: "list" });

/** What every workflow of this file does with an order. */
function report(input: Input<Order>) {
  return list(
    yearOf(input.day),
    twice(input.amount),
    input.customer.item("name"),
    input.customer.item("tags").item(1),
    twice(input.lines.item(0).item("count")),
    input.lines,
    input.note,
  );
}

export const zodOrder = z.object({
  day: z.iso.date().transform((text) => new Date(text)),
  amount: z.number().min(1).default(7),
  customer: z.object({ name: z.string().trim(), tags: z.array(z.string()) }),
  lines: z.array(z.object({ sku: z.string(), count: z.coerce.number<string>() })),
  note: z.string().optional(),
});
export const withZod = defineWorkflow("zod", { version: "1", input: zodOrder }, (input) => {
  typeOf(input.day).is<NodeItem<Date>>();
  typeOf(input.amount).is<NodeItem<number>>();
  typeOf(input.note).is<NodeItem<string | undefined>>();
  typeOf(input.lines.item(0).item("count")).is<NodeItem<number>>();
  return report(input);
});
typeOf(withZod).is<Definition<z.input<typeof zodOrder>, unknown[]>>();

export const valibotOrder = v.object({
  day: v.pipe(v.string(), v.isoDate(), v.transform((text) => new Date(text))),
  amount: v.optional(v.pipe(v.number(), v.minValue(1)), 7),
  customer: v.object({ name: v.pipe(v.string(), v.trim()), tags: v.array(v.string()) }),
  lines: v.array(v.object({ sku: v.string(), count: v.pipe(v.string(), v.transform(Number), v.number()) })),
  note: v.optional(v.string()),
});
export const withValibot = defineWorkflow("valibot", { version: "1", input: valibotOrder }, (input) => {
  typeOf(input.day).is<NodeItem<Date>>();
  typeOf(input.amount).is<NodeItem<number>>();
  typeOf(input.note).is<NodeItem<string | undefined>>();
  typeOf(input.lines.item(0).item("count")).is<NodeItem<number>>();
  return report(input);
});
typeOf(withValibot).is<Definition<v.InferInput<typeof valibotOrder>, unknown[]>>();

export const arktypeOrder = type({
  day: "string.date.iso.parse",
  amount: "number >= 1 = 7",
  customer: { name: "string.trim", tags: "string[]" },
  lines: type({ sku: "string", count: "string.numeric.parse" }).array(),
  "note?": "string",
});
export const withArktype = defineWorkflow("arktype", { version: "1", input: arktypeOrder }, (input) => {
  typeOf(input.day).is<NodeItem<Date>>();
  typeOf(input.amount).is<NodeItem<number>>();
  typeOf(input.lines.item(0).item("count")).is<NodeItem<number>>();
  return report(input);
});
typeOf(withArktype).is<Definition<typeof arktypeOrder.inferIn, unknown[]>>();

/** An order as a caller gives it. */
export const order = {
  day: "2026-05-04",
  customer: { name: "  Ada ", tags: ["new", "eu"] },
  lines: [{ sku: "a", count: "3" }],
};
export const made = [2026, 14, "Ada", "eu", 6, [{ sku: "a", count: 3 }], undefined];

/** An order with three faults. */
export const faulty = { ...order, amount: 0, customer: { name: "Ada", tags: ["new", 5] }, lines: [{ count: "3" }] };
