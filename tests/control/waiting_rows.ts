/**
 * What the table of nodes that wait in docs/status.md speaks of: for each of its rows a graph in which that happens.
 *
 * @module
 */
import {
  anyOf,
  defineWorkflow,
  map,
  mapSettled,
  type Node,
  optional,
  sleep,
  subWorkflow,
  waitForSignal,
} from "@fusewire/fusewire";
import { failing, fails, idle, list, same, skipping, skips, tooSlow } from "./tasks.ts";

/** What happens to a node that waits. */
export interface WaitingCase {
  /** Makes the node. */
  readonly make: () => Node<unknown>;
  /** The signal that the run is sent. */
  readonly signal?: string;
  /** Whether something else has the value that the node would only bring too. */
  readonly isUnneeded?: boolean;
  /** Whether somebody cancels the run that the node waits for, which only durable runs have ids for. */
  readonly cancelsChild?: boolean;
}

const child = (name: string, build: () => Node<unknown>) => () =>
  subWorkflow(defineWorkflow(name, { version: "1" }, build));
const ofNumbers = defineWorkflow("of numbers", {
  version: "1",
  input: {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "number" ? { value } : { issues: [{ message: "must be a number" }] },
    },
  },
}, (input) => same<unknown>(input));

/** Two items, of which the second is what the row is about. */
const items = (): Node<string[]> => same(["well", "ill"]);
const half = { minSuccessRatio: 0.5 };

const ofMap: Readonly<Record<string, () => Node<unknown>>> = {
  "all items succeed": () => map(items(), same),
  "an item fails": () => map(items(), failing),
  "an item fails, and half of them are enough": () => map(items(), failing, half),
  "an item is skipped": () => map(items(), skipping),
  "the last node of an item is cancelled": () => map(items(), (item) => same(failing(item))),
  "the last node of an item is cancelled, and half are enough": () => map(items(), (item) => same(failing(item)), half),
  "an attempt of an item times out": () => map(items(), tooSlow),
  "an attempt of an item times out, and half are enough": () => map(items(), tooSlow, half),
  "all items fail, and none has to succeed": () => map(same(["ill", "ill"]), failing, { minSuccessRatio: 0 }),
  "the list is empty": () => map(same<string[]>([]), failing),
  "the list is none": () => map(same("ill") as Node<unknown> as Node<string[]>, same),
  "the list's node failed": () => map(fails("above") as Node<unknown> as Node<string[]>, same),
  "the list's node was cancelled": () => map(same(fails("above")) as Node<unknown> as Node<string[]>, same),
  "the list's node was skipped": () => map(skips() as Node<unknown> as Node<string[]>, same),
};

const ofMapSettled: Readonly<Record<string, () => Node<unknown>>> = {
  "all items succeed": () => mapSettled(items(), same),
  "an item fails": () => mapSettled(items(), failing),
  "an item is skipped": () => mapSettled(items(), skipping),
  "the last node of an item is cancelled": () => mapSettled(items(), (item) => same(failing(item))),
  "an attempt of an item times out": () => mapSettled(items(), tooSlow),
  "the list is empty": () => mapSettled(same<string[]>([]), failing),
  "the list is none": () => mapSettled(same("ill") as Node<unknown> as Node<string[]>, same),
  "the list's node failed": () => mapSettled(fails("above") as Node<unknown> as Node<string[]>, same),
  "the list's node was cancelled": () => mapSettled(same(fails("above")) as Node<unknown> as Node<string[]>, same),
  "the list's node was skipped": () => mapSettled(skips() as Node<unknown> as Node<string[]>, same),
};

const made = (cases: Readonly<Record<string, () => Node<unknown>>>): Record<string, WaitingCase> =>
  Object.fromEntries(Object.entries(cases).map(([what, make]) => [what, { make }]));

/** By the node, then by what happens to it. */
export const waitingCases: Readonly<Record<string, Readonly<Record<string, WaitingCase>>>> = {
  "`sleep`": {
    "its time comes": { make: () => sleep(2) },
    "its time is none": { make: () => sleep(same("ill") as Node<unknown> as Node<number>) },
    "what brings its time failed": { make: () => sleep(fails("above") as Node<unknown> as Node<number>) },
    "what brings its time was skipped": { make: () => sleep(skips() as Node<unknown> as Node<number>) },
    "nothing needs it any more": { make: () => sleep(3_600_000), isUnneeded: true },
  },
  "`waitForSignal`": {
    "the signal comes": { make: () => waitForSignal("go"), signal: "go" },
    "it times out": { make: () => waitForSignal("go", { timeout: 2 }) },
    "its name is none": { make: () => waitForSignal(same(1) as Node<unknown> as Node<string>) },
    "what brings its name failed": { make: () => waitForSignal(fails("above")) },
    "what brings its name was skipped": { make: () => waitForSignal(skips()) },
    "nothing needs it any more": { make: () => waitForSignal("go"), isUnneeded: true },
  },
  "`subWorkflow`": {
    "its run succeeds": { make: child("well", () => same<unknown>("well")) },
    "its run fails": { make: child("ill", () => fails("ill")) },
    "a target of its run is skipped": { make: child("skipped", () => skips()) },
    "its run handles a failure": { make: child("handled", () => optional(fails("ill"))) },
    "an attempt in its run times out": { make: child("slow", () => tooSlow("ill")) },
    "its run is cancelled by itself": { make: child("cancelled", () => sleep(3_600_000)), cancelsChild: true },
    "its input is refused": { make: () => subWorkflow(ofNumbers, same("ill") as Node<unknown> as Node<number>) },
    "what brings its input failed": {
      make: () => subWorkflow(ofNumbers, fails("above") as Node<unknown> as Node<number>),
    },
    "what brings its input was skipped": {
      make: () => subWorkflow(ofNumbers, skips() as Node<unknown> as Node<number>),
    },
    "nothing needs it any more": { make: child("idle", () => sleep(3_600_000)), isUnneeded: true },
  },
  "`map`": { ...made(ofMap), "nothing needs it any more": { make: () => map(items(), idle), isUnneeded: true } },
  "`mapSettled`": {
    ...made(ofMapSettled),
    "nothing needs it any more": { make: () => mapSettled(items(), idle), isUnneeded: true },
  },
};

/** How the step below takes the node that waits, by the heading of a column. */
export const takenBy: Readonly<Record<string, (above: Node<unknown>) => Node<unknown>>> = {
  "an argument": (above) => list(above),
  "`anyOf`": (above) => anyOf(above, same<unknown>("other").after(optional(above))),
  "`optional`": (above) => optional(above),
};

/** The node and the step below it, as the only target of a run. */
export function waitingTarget({ make, isUnneeded = false }: WaitingCase, by: string): Node<unknown> {
  const step = takenBy[by]!(make().setName("node")).setName("step");
  return isUnneeded ? anyOf(step, same<unknown>("quick").after(sleep(5))) : step;
}
