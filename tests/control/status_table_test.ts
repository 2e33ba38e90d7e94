/**
 * The table of docs/status.md is what the backends do: every row is run on each of them.
 *
 * @module
 */
import { expect } from "@std/expect";
import { anyOf, branch, type Node, optional } from "@fusewire/fusewire";
import { type Backend, backends } from "./backends.ts";
import { fails, list, same, skips } from "./tasks.ts";

interface Row {
  readonly above: string;
  readonly takenBy: string;
  readonly step: string;
  readonly run: string;
  readonly failure: string;
}

const page = await Deno.readTextFile(new URL("../../docs/status.md", import.meta.url));
const rows = page.split("\n").filter((line) => /^\| [A-Z]{6,}/.test(line)).map((line): Row => {
  const [, above = "", takenBy = "", step = "", run = "", failure = ""] = line.split("|").map((cell) => cell.trim());
  return { above, takenBy, step, run, failure };
});

/** What ends like this. */
const above: Readonly<Record<string, () => Node<unknown>>> = {
  SUCCEEDED: () => same<unknown>("value"),
  FAILED: () => fails("above"),
  CANCELLED: () => same<unknown>(fails("above")),
  SKIPPED: () => skips(),
};

/** The step below, under the name `step`. */
const takenBy: Readonly<Record<string, (above: Node<unknown>) => Node<unknown>>> = {
  "an argument": (above) => list(above),
  "`after`": (above) => list(1).after(above),
  "`when`, which passes": (above) => list(1).when(above),
  "`when`, which does not pass": (above) => list(1).when(above, () => false),
  "an argument, beside one that was skipped": (above) => list(above, skips()),
  "`optional`": (above) => optional(above),
  "`optional`, and `after`": (above) => optional(above).after(above),
  "`anyOf`, alone": (above) => anyOf(above),
  "`anyOf`, with one that succeeds": (above) => anyOf(above, same<unknown>("other").after(optional(above))),
  "`anyOf`, with one that fails": (above) => anyOf(above, fails("other")),
  "`anyOf`, with one that was skipped": (above) => anyOf(above, skips()),
  "`branch`, as the chosen case": (above) => branch(same<"a" | "b">("a"), { a: () => above, b: () => same(1) }),
  "`branch`, as another case": (above) => branch(same<"a" | "b">("a"), { a: () => same(1), b: () => above }),
  "`branch`, as its selector": (above) => branch(above as Node<string>, { value: () => same(1), other: () => same(2) }),
  "`branch`, as a selector without a case": (above) => branch(above as Node<string>, { other: () => same(1) }),
};

Deno.test("the table of docs/status.md has a row for every way to take every end", () => {
  const expected = Object.keys(takenBy).flatMap((by) => Object.keys(above).map((end) => `${end} ${by}`));
  expect(rows.map(({ above, takenBy }) => `${above} ${takenBy}`)).toEqual(expected);
});

async function check(backend: Backend, row: Row): Promise<void> {
  const { status, steps, result, error } = await backend(() => {
    const one = above[row.above]!().setName("above");
    return takenBy[row.takenBy]!(one).setName("step");
  });
  const where = `${row.above} ${row.takenBy}: `;
  expect(where + steps["above"]).toBe(where + row.above);
  expect(where + steps["step"]).toBe(where + row.step);
  expect(where + status).toBe(where + row.run);
  const failure = row.above === "FAILED" || row.above === "CANCELLED"
    ? status === "FAILED" ? "counts" : "handled"
    : "–";
  expect(where + failure).toBe(where + row.failure);
  expect(where + (error === undefined)).toBe(where + (row.run === "SUCCEEDED"));
  if (row.run !== "SUCCEEDED") expect(result).toBe(undefined);
}

for (const [name, backend] of Object.entries(backends)) {
  Deno.test(`every row of docs/status.md holds (${name})`, async () => {
    // Threads take their time: there, some rows stand for all.
    const some = name === "pool"
      ? rows.filter((row) => /FAILED|SKIPPED/.test(row.above) && /`/.test(row.takenBy))
      : rows;
    expect(some.length).toBeGreaterThan(20);
    for (const row of some) await check(backend, row);
  });
}
