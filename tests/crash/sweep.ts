/**
 * The sweep: a process is killed at a commit, another one goes on, for each commit in turn; and what must hold then.
 *
 * @module
 */
import { LocalWorkflow } from "@fusewire/fusewire";
import { CRASH_AT_VARIABLE, type CrashPoint, crashPointText } from "../../testing/crashing_kv.ts";
import { type ChildEnd, runChild } from "../child.ts";
import { everything, type LogLine, readLog } from "./crash_definition.ts";
import type { WorkerReport } from "./worker_fixture.ts";

/** Where and how a sweep runs. */
export interface SweepSetup {
  /** A path or a URL. */
  readonly kv: string;
  /** An empty folder. */
  readonly folder: string;
  /** Whether `runtime.run()` works on the run, or a worker. */
  readonly how: "drive" | "serve";
  /** Takes every so-manieth commit only. */
  readonly every?: number;
  /** Added to the environment of all processes. */
  readonly env?: Record<string, string>;
}

/** What a sweep did. */
export interface SweepCount {
  /** How many commits an undisturbed process makes. */
  readonly commits: number;
  /** How many processes were killed. */
  readonly killed: number;
}

/** One run, and what is known of the processes that worked on it. */
interface Passage {
  readonly name: string;
  readonly log: string;
  readonly crash: ChildEnd;
}

const WORKER = new URL("./worker_fixture.ts", import.meta.url);

/** The calls on the instance, in the order in which they are made. */
const CALLS = ["Tally_0000", "Tally.add_0000", "Tally.add_0001", "Tally.add_0002", "Tally.seen_0000"];

const edges = new LocalWorkflow(everything, { input: { log: "", n: 0 } }).graph.edges();

/**
 * Kills a process before and after each of its commits, and has another go on.
 *
 * @throws {Error} If something did not hold; it names every point at which something did not.
 */
export async function sweep({ kv, folder, how, every = 1, env = {} }: SweepSetup): Promise<SweepCount> {
  const run = async (name: string, crash: CrashPoint | undefined): Promise<Passage> => {
    const log = `${folder}/${name}.log`;
    const variables = crash === undefined ? env : { ...env, [CRASH_AT_VARIABLE]: crashPointText(crash) };
    return { name, log, crash: await runChild(WORKER, [kv, log, name, how], variables) };
  };
  const undisturbed = await run("undisturbed", undefined);
  const { commits, result } = reportOf(undisturbed.crash);
  const lines = countsOf(await readLog(undisturbed.log));

  const points: CrashPoint[] = [];
  for (let at = 1; at <= commits; at += every) points.push({ at, when: "before" }, { at, when: "after" });
  // All die before the first one is taken over: so the leases of the dead run out meanwhile.
  const passages: Passage[] = [];
  for (const point of points) passages.push(await run(`${how}-${point.at}-${point.when}`, point));

  const wrong: string[] = [];
  for (const passage of passages) {
    const { crash, name } = await passage;
    try {
      const { crash: end } = await run(name, undefined);
      const report = reportOf(end);
      equal("the result", report.result, result);
      // A process can make a commit less than another, such as a sign of life: then it was not killed.
      if (crash.signal !== "SIGKILL") reportOf(crash);
      check(await readLog(passage.log), crash.pid, new Set(report.committed), lines);
    } catch (error) {
      wrong.push(`killed at ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (wrong.length > 0) throw new Error(`${wrong.length} of ${points.length} points went wrong:\n${wrong.join("\n")}`);
  return { commits, killed: passages.filter(({ crash }) => crash.signal === "SIGKILL").length };
}

/** Kills each process at the same commit of its own, until one comes to the end; gives how many were killed. */
export async function killAgainAndAgain({ kv, folder, how, env = {} }: SweepSetup, point: CrashPoint): Promise<number> {
  const log = `${folder}/again.log`;
  for (let killed = 0; killed < 100; killed++) {
    const end = await runChild(WORKER, [kv, log, "again", how], { ...env, [CRASH_AT_VARIABLE]: crashPointText(point) });
    if (end.signal === "SIGKILL") continue;
    const alone = await runChild(WORKER, [kv, `${folder}/alone.log`, "alone", how], env);
    equal("the result", reportOf(end).result, reportOf(alone).result);
    return killed;
  }
  throw new Error(`The run has not ended after 100 processes that were killed at ${crashPointText(point)} each.`);
}

function reportOf({ code, stdout, stderr }: ChildEnd): WorkerReport {
  if (code !== 0 || stderr !== "") {
    throw new Error(`the process ended with code ${code} and printed: ${stderr}${stdout}`);
  }
  return JSON.parse(stdout);
}

/** What must hold of the log, after one process was killed and another came to the end. */
function check(
  log: readonly LogLine[],
  dead: number,
  committed: ReadonlySet<string>,
  expected: ReadonlyMap<string, number>,
): void {
  const before = countsOf(log.filter(({ pid }) => pid === dead));
  const after = countsOf(log.filter(({ pid }) => pid !== dead));
  for (const [step, count] of expected) {
    const [was, then] = [before.get(step) ?? 0, after.get(step) ?? 0];
    if (CALLS.includes(step)) continue;
    if (committed.has(step)) equal(`calls of \`${step}\`, which was committed,`, [was, then], [count, 0]);
    else if (was === 0) equal(`calls of \`${step}\`, which had not begun,`, then, count);
    else if (then < 1 || was + then < count || was > count || then > count) {
      throw new Error(`\`${step}\`, which was at work, was called ${was} and then ${then} times, alone ${count}`);
    }
  }
  for (const [from, to] of edges) {
    if (before.has(to) && !to.startsWith("pure") && !committed.has(from)) {
      throw new Error(`\`${to}\` began before \`${from}\` was committed`);
    }
  }
  // Whoever takes the run over makes the instance again, with all calls that were committed, in order, unless none is left to make.
  const calls = log.filter(({ pid, step }) => pid !== dead && CALLS.includes(step)).map(({ step }) => step);
  equal("the calls on the instance", calls, CALLS.every((call) => committed.has(call)) ? [] : CALLS);
}

function countsOf(log: readonly LogLine[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { step } of log) counts.set(step, (counts.get(step) ?? 0) + 1);
  return counts;
}

function equal(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what} should be ${should} and is ${is}`);
}
