/**
 * Adds up what every `deno test` in an output says at its end, and prints one line: `N passed, N failed, N skipped`.
 *
 * Run as `deno run scripts/test_totals.ts < output`. Ends with an error where a test failed, where none ran, and where the output
 * says nothing about tests.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";

/** Numbers of tests, without their steps. */
export interface TestTotals {
  passed: number;
  failed: number;
  skipped: number;
}

const PRINTED_START = /^------- (?:pre-test |post-test )?output -------$/;
const PRINTED_END = /^----- (?:pre-test |post-test )?output end -----$/;
const ERRORS_START = /^ ERRORS $/;
const ERRORS_END = /^ FAILURES $/;
const COUNT = String.raw`(?: \([^)]*\))?`;
const SUMMARY = new RegExp(
  String
    .raw`^(?:ok|FAILED) \| (\d+) passed${COUNT} \| (\d+) failed${COUNT}(?: \| (\d+) ignored${COUNT})?(?: \| .*)? \(.*\)$`,
);

/** The sum over all summaries in the output, or `undefined` where there is none. */
export function countTests(output: string): TestTotals | undefined {
  let totals: TestTotals | undefined;
  for (const line of runnerLines(output)) {
    const summary = SUMMARY.exec(line);
    if (!summary) continue;
    totals ??= { passed: 0, failed: 0, skipped: 0 };
    totals.passed += Number(summary[1]);
    totals.failed += Number(summary[2]);
    totals.skipped += Number(summary[3] ?? 0);
  }
  return totals;
}

/**
 * The lines that the test runner wrote itself. What a test prints or throws is left out: it may hold lines that look like a summary,
 * such as those of a `deno test` that the test ran, and these again hold printed parts.
 */
function* runnerLines(output: string): Iterable<string> {
  let printed = 0;
  let errors = false;
  for (const line of stripVTControlCharacters(output).split(/\r?\n/)) {
    if (PRINTED_START.test(line)) printed++;
    else if (PRINTED_END.test(line)) printed--;
    else if (printed > 0) continue;
    else if (ERRORS_START.test(line)) errors = true;
    else if (ERRORS_END.test(line)) errors = false;
    else if (!errors) yield line;
  }
}

if (import.meta.main) {
  const totals = countTests(await new Response(Deno.stdin.readable).text());
  if (!totals || totals.passed + totals.failed === 0) {
    console.error("The output says nothing about a test that ran.");
    Deno.exit(1);
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  if (totals.failed > 0) Deno.exit(1);
}
