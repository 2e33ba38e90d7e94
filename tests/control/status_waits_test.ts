/**
 * The table of nodes that wait in docs/status.md is what the backends do: every row is run on each of them that can.
 *
 * @module
 */
import { expect } from "@std/expect";
import { until } from "../engine/storages.ts";
import { type Backend, backends } from "./backends.ts";
import { takenBy, waitingCases, waitingTarget } from "./waiting_rows.ts";

interface Row {
  readonly node: string;
  readonly what: string;
  readonly ends: string;
  /** The step below and a run for it, by how that takes the node. */
  readonly below: Readonly<Record<string, string>>;
}

const page = await Deno.readTextFile(new URL("../../docs/status.md", import.meta.url));
const rows = page.split("\n").filter((line) => /^\| `/.test(line)).map((line): Row => {
  const [, node = "", what = "", ends = "", ...cells] = line.split("|").map((cell) => cell.trim());
  return { node, what, ends, below: Object.fromEntries(Object.keys(takenBy).map((by, i) => [by, cells[i] ?? ""])) };
});

Deno.test("docs/status.md has a row for everything that can happen to a node that waits", () => {
  const expected = Object.entries(waitingCases).flatMap(([node, cases]) =>
    Object.keys(cases).map((what) => `${node}: ${what}`)
  );
  expect(rows.map(({ node, what }) => `${node}: ${what}`)).toEqual(expected);
});

/** Runs a row, and tells what has become of the node, of the step below it, and of the run. */
async function found(backend: Backend, { node, what }: Row, by: string): Promise<string> {
  const waiting = waitingCases[node]![what]!;
  const { status, steps, result, error } = await backend(
    () => waitingTarget(waiting, by),
    async (run, runtime) => {
      if (waiting.signal !== undefined) await run.signal(waiting.signal, "payload");
      if (waiting.cancelsChild !== true) return;
      const child = runtime!.get(`${run.id}/node`);
      await until(() => child.status().then(() => true, () => false), "a child");
      await child.cancel();
    },
  );
  expect([node, what, by, error === undefined]).toEqual([node, what, by, status === "SUCCEEDED"]);
  if (status !== "SUCCEEDED") expect(result).toBe(undefined);
  return `${steps["node"]}; ${steps["step"]}, ${status}`;
}

/** Whether a backend has what a row needs: one of one's own can be sent no signal, and runs one step after another. */
function applies(name: string, { node, what }: Row): boolean {
  const { signal, isUnneeded, cancelsChild } = waitingCases[node]![what]!;
  if (cancelsChild === true) return name === "durable";
  return name !== "sequential" || signal === undefined && isUnneeded !== true && !what.includes("times out");
}

for (const [name, backend] of Object.entries(backends)) {
  Deno.test(`every row of what waits in docs/status.md holds (${name})`, async () => {
    const some = rows.filter((row) => applies(name, row));
    expect(some.length).toBeGreaterThan(25);
    const wrong: string[] = [];
    for (const row of some) {
      // Threads take their time: there, one way to take it stands for all.
      for (const by of name === "pool" ? ["an argument"] : Object.keys(takenBy)) {
        const [is, was] = [await found(backend, row, by), `${row.ends}; ${row.below[by]}`];
        if (is !== was) wrong.push(`${row.node}: ${row.what}, taken by ${by}, is ${is}, and should be ${was}`);
      }
    }
    expect(wrong).toEqual([]);
  });
}
