import { expect } from "@std/expect";
import { readTrace, type TraceEvent } from "@fusewire/fusewire";
import { runChild, startChild } from "../child.ts";
import { short, traceFile } from "./trace_file.ts";

const writer = new URL("./writer_fixture.ts", import.meta.url);
const worker = new URL("./worker_fixture.ts", import.meta.url);

/** The events of a file, of which at most one line is torn. */
async function wholeEvents(path: string): Promise<TraceEvent[]> {
  const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "");
  const events = await Array.fromAsync(readTrace(path));
  expect(events.length).toBeGreaterThanOrEqual(lines.length - 1);
  return events;
}

Deno.test("Two processes write to one file, and no line is torn or lost", async () => {
  await using file = await traceFile();
  const ends = await Promise.all(["first", "second"].map((name) => runChild(writer, [file.path, name, "2000"])));
  for (const { code, stderr } of ends) expect([code, stderr]).toEqual([0, ""]);
  const events = await wholeEvents(file.path);
  // Where the one looked while the other wrote, it ended a line that was whole: an empty one.
  const lines = (await Deno.readTextFile(file.path)).split("\n").filter((line) => line !== "");
  expect(lines.length).toBe(events.length);
  for (const [i, name] of ["first", "second"].entries()) {
    const own = events.filter(({ workflowId }) => workflowId === name);
    expect(own.length).toBe(2 + 3 * 2000);
    expect(own.every(({ process }) => process === ends[i]!.pid)).toBe(true);
    expect([short(own[0]!), short(own.at(-1)!)]).toEqual(["workflow_started", "workflow_finished SUCCEEDED"]);
  }
});

Deno.test("kill -9 leaves whole lines, and those who write after it are not disturbed", async () => {
  await using file = await traceFile();
  for (let round = 0; round < 3; round++) {
    await using child = startChild(writer, [file.path, `killed ${round}`, "100000"]);
    await child.printed("writing");
    const before = (await Deno.stat(file.path)).size;
    while ((await Deno.stat(file.path)).size < before + 200_000) await new Promise((done) => setTimeout(done, 1));
    child.kill("SIGKILL");
    await child.end;
  }
  expect((await runChild(writer, [file.path, "whole", "10"])).code).toBe(0);
  const events = await wholeEvents(file.path);
  expect(events.filter(({ workflowId }) => workflowId === "whole").length).toBe(32);
  for (let round = 0; round < 3; round++) {
    const own = events.filter(({ workflowId }) => workflowId === `killed ${round}`);
    expect(own.length).toBeGreaterThan(1_000);
    // What is there is a beginning of what happened: nothing is missing in the midst of it.
    const kinds = ["step_enqueued", "step_started", "step_finished"];
    const missing = own.slice(1).findIndex((event, i) =>
      !short(event).startsWith(`${kinds[i % 3]} step ${Math.floor(i / 3)}`)
    );
    expect(missing).toBe(-1);
  }
});

Deno.test("Deno.exit() loses no line", async () => {
  await using file = await traceFile();
  const { code } = await runChild(writer, [file.path, "exits", "5", "exit"]);
  expect(code).toBe(3);
  expect((await wholeEvents(file.path)).map(short)).toEqual([
    "workflow_started",
    "step_enqueued step 0",
    "step_started step 0",
  ]);
});

Deno.test("A run that goes on in another process after kill -9 has one trace, with who did what", async () => {
  await using file = await traceFile();
  await using kv = await traceFile();
  await using first = startChild(worker, [kv.path, file.path, "hang"]);
  await first.printed("hanging");
  while (!(await file.events()).some((event) => short(event) === "step_started b")) {
    await new Promise((done) => setTimeout(done, 5));
  }
  first.kill("SIGKILL");
  await first.end;
  const second = await runChild(worker, [kv.path, file.path]);
  expect([second.code, second.stdout]).toEqual([0, "2\n"]);
  const events = await file.events();
  expect(events.filter(({ process }) => process === first.pid).map(short)).toEqual([
    "workflow_started",
    "step_enqueued a",
    "step_started a",
    "step_finished a SUCCEEDED",
    "step_enqueued b",
    "step_started b",
  ]);
  expect(events.filter(({ process }) => process === second.pid).map(short)).toEqual([
    "claim_taken",
    "step_enqueued b",
    "step_started b",
    "step_finished b SUCCEEDED",
    "workflow_finished SUCCEEDED",
  ]);
  expect(events.find(({ event }) => event === "claim_taken")).toMatchObject({ fence: 2 });
});
