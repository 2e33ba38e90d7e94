import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { RunContents } from "../storage/runtime/filled_run.ts";
import type { NotableEvent, StepRecord, StoredValue } from "../storage/runtime/records.ts";
import { type Bench, bytes, bytesOf, sameValue, step, type TestOn, UNTOUCHED } from "./conformance_fixture.ts";

/** What a run is made of, and what was asked for. */
class Contents implements RunContents {
  readonly asked: string[] = [];
  readonly events: readonly NotableEvent[];
  readonly ended?: NonNullable<RunContents["ended"]>;

  constructor(
    readonly steps: readonly StepRecord[],
    readonly stored: ReadonlyMap<number, StoredValue> = new Map(),
    { events = [], ended, given = bytes("filled"), fails }: {
      readonly events?: readonly NotableEvent[];
      readonly ended?: RunContents["ended"];
      readonly given?: StoredValue;
      readonly fails?: Error;
    } = {},
  ) {
    this.events = events;
    if (ended !== undefined) this.ended = ended;
    this.input = () => {
      this.asked.push("input");
      return Promise.resolve(given);
    };
    this.values = async function* (this: Contents) {
      this.asked.push("values");
      for (const [place, value] of stored) yield await Promise.resolve({ place, value });
      if (fails !== undefined) throw fails;
    };
    this.discard = () => {
      this.asked.push("discard");
      return Promise.resolve();
    };
  }

  readonly input: RunContents["input"];
  readonly values: RunContents["values"];
  readonly discard: RunContents["discard"];
}

const done = (at: number): StepRecord => step("SUCCEEDED", { attempt: 1, startedAt: at, endedAt: at + 1 });

/** Registers the tests of runs that begin with results: forks and imports. */
export function testFilled(test: TestOn<Bench>): void {
  test("makes a run of which steps have ended, and gives it to a worker", async (bench) => {
    const steps = [done(bench.t0), step("SKIPPED", { endedAt: bench.t0 + 2 }), UNTOUCHED, UNTOUCHED];
    const events: NotableEvent[] = [
      { event: "kept", timestamp: bench.t0, places: [[0, 2]] },
      { event: "warning", timestamp: bench.t0, message: "a warning", place: 1 },
    ];
    const contents = new Contents(steps, new Map([[0, bytes("zero")]]), { events });
    const { input: _input, ...run } = bench.newRun("1", {
      tags: ["t"],
      idempotencyKey: "key",
      forkedFrom: { run: "0", from: ["c"], overridden: ["a"] },
    });
    const { run: made, created } = await bench.storage.startFilled(run, contents);
    strictEqual(created, true);
    deepStrictEqual(contents.asked, ["input", "values"]);
    const expected = {
      ...run,
      input: bytes("filled"),
      status: "PENDING",
      fence: 0n,
      parked: false,
      reopened: false,
    };
    deepStrictEqual(made, expected);
    const after = await bench.restarted();
    deepStrictEqual(await after.readRun("1"), expected);
    deepStrictEqual((await after.listRuns()).runs, [expected]);
    deepStrictEqual(await after.readSteps("1"), steps);
    deepStrictEqual(await after.readValues("1", [0, 1]), [bytes("zero"), undefined]);
    deepStrictEqual(await after.readEvents("1"), events);
    deepStrictEqual(await after.endedBefore(Infinity, 10), []);
    await bench.sessions(["s"]);
    const claimed = await bench.claimOne("s");
    deepStrictEqual([claimed.claim.fence, claimed.run.forkedFrom], [1n, run.forkedFrom]);
    deepStrictEqual(claimed.steps, steps);
    await after.commit({
      claim: claimed.claim,
      steps: [{ place: 2, record: done(bench.t0 + 5), value: bytes("two") }],
    });
    await after.commit(bench.end(claimed.claim));
    deepStrictEqual(await after.readValues("1", [0, 2]), [bytes("zero"), bytes("two")]);
    await after.forget("1");
    deepStrictEqual([await after.readRun("1"), await after.readEvents("1")], [undefined, []]);
    deepStrictEqual(await after.readValues("1", [0, 2]), [undefined, undefined]);
  });

  test("makes a run of any size, with values of any size", async (bench) => {
    const size = 5_000;
    const steps = Array.from({ length: size }, (_, i) => i % 1000 < 900 ? done(bench.t0 + i) : UNTOUCHED);
    const values = new Map<number, StoredValue>();
    for (const [place, { status }] of steps.entries()) if (status === "SUCCEEDED") values.set(place, bytes(`${place}`));
    values.set(7, bytesOf(2_000_000));
    values.set(8, { kind: "error", error: { name: "Error", message: "x".repeat(100_000) } });
    values.set(9, { kind: "object", key: "k", size: 1, sha256: "ab" });
    const { input: _input, ...run } = bench.newRun("1", { size });
    await bench.storage.startFilled(run, new Contents(steps, values, { given: bytesOf(300_000) }));
    const after = await bench.restarted();
    sameValue((await after.readRun("1"))?.input, bytesOf(300_000));
    deepStrictEqual(await after.readSteps("1"), steps);
    const places = steps.map((_, place) => place);
    const read = await after.readValues("1", places);
    for (const place of places) sameValue(read[place], values.get(place));
    await bench.sessions(["s"]);
    deepStrictEqual((await bench.claimOne("s")).steps, steps);
  });

  test("makes a run that has ended, which nobody is given", async (bench) => {
    const failure = { place: 1, error: { name: "Error", message: "no" } };
    const steps = [
      done(bench.t0),
      step("FAILED", { attempt: 2, startedAt: 1, endedAt: 2 }),
      step("CANCELLED"),
      UNTOUCHED,
    ];
    const ended = { status: "FAILED", endedAt: bench.t0 + 9, failure } as const;
    const importedFrom = { run: "far", exportedAt: 3, status: "RUNNING", redacted: ["a.b"] } as const;
    const { input: _input, ...run } = bench.newRun("1", { dueAt: bench.t0 + 5, importedFrom });
    const made = await bench.storage.startFilled(run, new Contents(steps, new Map(), { ended }));
    const after = await bench.restarted();
    const found = await after.readRun("1");
    deepStrictEqual(found, made.run);
    deepStrictEqual([found?.status, found?.endedAt, found?.failure, found?.wakeAt, found?.importedFrom], [
      "FAILED",
      bench.t0 + 9,
      failure,
      undefined,
      importedFrom,
    ]);
    await bench.sessions(["s"]);
    deepStrictEqual(await bench.claim("s"), []);
    strictEqual((await after.claimRun("1", "s")).kind, "finished");
    deepStrictEqual(await after.endedBefore(bench.t0 + 10, 10), ["1"]);
    strictEqual(await after.send("1", { kind: "cancel" }), false);
    await after.forget("1");
    strictEqual(await after.readRun("1"), undefined);
  });

  test("gives the run that has the id or idempotency key of one with results, and asks for no values", async (bench) => {
    const first = bench.newRun("1", { idempotencyKey: "key" });
    const made = await bench.storage.startRun(first);
    for (const id of ["1", "2"]) {
      const contents = new Contents([UNTOUCHED]);
      const { input: _input, ...again } = { ...first, id };
      const answer = await bench.storage.startFilled(again, contents);
      deepStrictEqual([answer.created, answer.run], [false, made.run]);
      deepStrictEqual(contents.asked, []);
    }
    strictEqual((await bench.storage.listRuns()).runs.length, 1);
  });

  test("gives a run with results an exclusive key, if no run that has not ended has it", async (bench) => {
    const { claim } = await bench.started("1", "s", { exclusive: "only" });
    const { input: _input, ...run } = bench.newRun("2", { exclusive: "only" });
    const refused = await bench.storage.startFilled(run, new Contents(new Array(4).fill(UNTOUCHED)));
    deepStrictEqual([refused.run.id, refused.created], ["1", false]);
    await bench.storage.commit(bench.end(claim));
    const made = await bench.storage.startFilled(run, new Contents(new Array(4).fill(UNTOUCHED)));
    deepStrictEqual([made.run.id, made.created, made.run.exclusive], ["2", true, "only"]);
    const again = await bench.storage.startRun(bench.newRun("3", { exclusive: "only" }), "s");
    deepStrictEqual([again.run.id, again.created, again.claimed], ["2", false, undefined]);
    await bench.storage.commit(bench.end((await bench.claimOne("s")).claim));
    strictEqual((await bench.storage.startRun(bench.newRun("3", { exclusive: "only" }))).created, true);
  });

  test("keeps nothing of a run whose values come to an end too early", async (bench) => {
    const { input: _input, ...run } = bench.newRun("1", { size: 40, createdAt: bench.t0 });
    const steps = Array.from({ length: 40 }, () => done(bench.t0));
    const values = new Map(steps.map((_, place) => [place, bytesOf(70_000, place)]));
    const broken = new Contents(steps, values, { fails: new TypeError("cut off") });
    await rejects(() => bench.storage.startFilled(run, broken), TypeError);
    deepStrictEqual(broken.asked, ["input", "values", "discard"]);
    const after = await bench.restarted();
    deepStrictEqual([await after.readRun("1"), (await after.listRuns()).runs], [undefined, []]);
    deepStrictEqual(await after.endedBefore(Infinity, 10), []);
    deepStrictEqual(await after.readValues("1", [0]), [undefined]);
    // The id is free, and nothing of the first try shows.
    await after.startRun(bench.newRun("1", { size: 40 }));
    deepStrictEqual(await after.readSteps("1"), new Array(40).fill(UNTOUCHED));
    deepStrictEqual(await after.readValues("1", [0, 39]), [undefined, undefined]);
  });

  test("makes one run of starts with results and the same id at the same time", async (bench) => {
    const stores = [bench.storage, await bench.other()];
    const steps = Array.from({ length: 40 }, () => done(bench.t0));
    const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => {
      const { input: _input, ...run } = bench.newRun("1", { size: 40 });
      const values = new Map(steps.map((_, place) => [place, bytes(`${i} ${place}`)]));
      return (stores[i % 2] ?? bench.storage).startFilled(run, new Contents(steps, values, { given: bytes(`${i}`) }));
    }));
    const made = answers.flatMap(({ created }, i) => created ? [i] : []);
    strictEqual(made.length, 1);
    for (const { run } of answers) sameValue(run.input, bytes(`${made[0]}`));
    const values = await bench.storage.readValues("1", steps.map((_, place) => place));
    for (const [place, value] of values.entries()) sameValue(value, bytes(`${made[0]} ${place}`));
  });
}
