import { expect } from "@std/expect";
import {
  ConfigError,
  FileTracer,
  IntegrityError,
  LocalWorkflow,
  PluginCollection,
  readTrace,
  type RunTracer,
  task,
  type Tracer,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";
import { logged } from "./logged.ts";
import { A_THEN_B, short, traceFile } from "./trace_file.ts";

const one = task((_secret: string) => "confidential", { name: "one" });
const next = task((x: string) => x.length, { name: "next" });
const RUN = { workflowId: "w", runId: "r", process: 1, host: "h", version: "", holds: "run" } as const;

const lengthOf = async (path: string): Promise<number> => (await Deno.stat(path)).size;

Deno.test("Lines are kept back until the buffer is full, the time is over, or the run ends", async () => {
  await using file = await traceFile();
  const clock = new ManualClock();
  const run: RunTracer = file.tracer({ clock, bufferSize: 300, flushAfter: 50 }).open(RUN);
  run.event({ event: "step_started", step: "a" }, 1);
  expect([await lengthOf(file.path), clock.delays]).toEqual([0, [50]]);
  clock.advance(50);
  const line = await lengthOf(file.path);
  expect(line).toBeGreaterThan(0);
  expect(clock.delays).toEqual([]);
  for (let i = 0; i < 3; i++) run.event({ event: "step_started", step: "a" }, 1);
  expect(await lengthOf(file.path)).toBe(4 * line);
  run.event({ event: "step_started", step: "a" }, 1);
  expect(await lengthOf(file.path)).toBe(4 * line);
  run.close("ended");
  expect(await lengthOf(file.path)).toBe(5 * line);
  expect(clock.delays).toEqual([]);
});

Deno.test("Arguments and results are in no trace", async () => {
  await using file = await traceFile();
  const workflow = new LocalWorkflow(next(one("hush")), { workflowName: "values" });
  workflow.setTracer(file.tracer());
  expect(await workflow.run()).toBe(12);
  expect(await Deno.readTextFile(file.path)).not.toMatch(/hush|confidential/);
});

Deno.test("Names and errors of any text come back as they were", async () => {
  await using file = await traceFile();
  const name = 'a "b"\\ {c} ü \u2028 😀';
  const fail = task(() => {
    throw new Error('line\n"two"', { cause: new TypeError("deep") });
  }, { name: "fail" });
  const workflow = new LocalWorkflow(fail().setName(name), { workflowName: "w ü" });
  workflow.setTracer(file.tracer());
  await expect(workflow.run()).rejects.toThrow("two");
  const ended = (await file.events()).find(({ event }) => event === "step_finished");
  expect(ended).toMatchObject({
    workflowId: "w ü",
    step: name,
    error: { name: "Error", message: 'line\n"two"', cause: { name: "TypeError", message: "deep" } },
  });
});

Deno.test("A tracer goes on at the end of what is there, ends a torn line, and the torn line is skipped", async () => {
  await using file = await traceFile();
  const event = { event: "step_started", step: "a" } as const;
  const first = file.tracer().open(RUN);
  first.event(event, 1);
  first.close("ended");
  await Deno.writeTextFile(file.path, '{"event":"step_sta', { append: true });
  expect((await file.events()).length).toBe(1);
  const second = file.tracer().open(RUN);
  second.event(event, 2);
  second.close("ended");
  first.event(event, 3);
  first.close("ended");
  expect((await file.events()).map(({ timestamp }) => timestamp)).toEqual([1, 2, 3]);
  expect((await Deno.readTextFile(file.path)).split("\n").length).toBe(5);
});

Deno.test("readTrace() reads streams in any pieces, and refuses what is no trace", async () => {
  await using file = await traceFile();
  const run = file.tracer().open(RUN);
  run.event({ event: "step_started", step: "schöner Schritt" }, 1);
  run.event({ event: "workflow_finished", status: "SUCCEEDED" }, 2);
  run.close("ended");
  const bytes = await Deno.readFile(file.path);
  const stream = ReadableStream.from([...bytes].map((byte) => new Uint8Array([byte])));
  expect(await Array.fromAsync(readTrace(stream))).toEqual(await file.events());
  for (const text of ["Dear diary,\n", '{"some":"json"}\n', "1\n", '{"event":"x","runId":1}\n']) {
    await Deno.writeTextFile(file.path, text);
    await expect(Array.fromAsync(readTrace(file.path))).rejects.toThrow(IntegrityError);
  }
  await expect(Array.fromAsync(readTrace(`${file.path}.not`))).rejects.toThrow(Deno.errors.NotFound);
});

Deno.test("A file that can not be opened and numbers out of range are refused", async () => {
  await using file = await traceFile();
  expect(() => new FileTracer({ path: `${file.path}/no/folder` })).toThrow(ConfigError);
  expect(() => file.tracer({ bufferSize: NaN })).toThrow(ConfigError);
  expect(() => file.tracer({ flushAfter: -1 })).toThrow(ConfigError);
});

/** Has files write as `write` says while something is done; `original` is how they write. */
async function writing(
  write: (original: () => number, bytes: Uint8Array) => number,
  act: () => Promise<unknown>,
): Promise<void> {
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    return write(() => writeSync.call(this, bytes), bytes);
  };
  try {
    await act();
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
}

Deno.test("A disk that is full loses lines and disturbs no run; warnings say so, and how many when it has room again", async () => {
  await using file = await traceFile();
  const tracer = file.tracer();
  const workflow = new LocalWorkflow(next(one("").setName("a")).setName("b"), { workflowName: "full" });
  workflow.setTracer(tracer);
  const messages = await logged(2, async () => {
    const full = () => {
      throw new Error("no room");
    };
    await writing(full, async () => expect([await workflow.run(), await workflow.run()]).toEqual([12, 12]));
    await workflow.run();
  });
  expect(messages.map(({ message }) => message.join(""))).toEqual([
    `Writing to the trace file ${file.path} failed, and lines are dropped: Error: no room`,
    `16 lines were dropped, because writing to the trace file ${file.path} had failed.`,
  ]);
  expect((await file.events()).map(short)).toEqual(A_THEN_B);
});

Deno.test("What a write leaves over is written by the next one", async () => {
  await using file = await traceFile();
  const run = file.tracer().open(RUN);
  await writing((original, bytes) => bytes.length > 7 ? writeSome(bytes) : original(), async () => {
    run.event({ event: "step_started", step: "a" }, 1);
    await Promise.resolve(run.close("ended"));
  });
  function writeSome(bytes: Uint8Array): number {
    Deno.writeTextFileSync(file.path, new TextDecoder().decode(bytes.subarray(0, 7)), { append: true });
    return 7;
  }
  expect((await file.events()).map(short)).toEqual(["step_started a"]);
});

Deno.test("A tracer that is closed is silent, and can be closed again", async () => {
  await using file = await traceFile();
  const tracer = file.tracer();
  const run = tracer.open(RUN);
  tracer.close();
  run.event({ event: "step_started", step: "a" }, 1);
  run.close("ended");
  tracer.close();
  expect(await lengthOf(file.path)).toBe(0);
});

Deno.test("Several tracers hear of a run, each once, also as plugins and in collections", async () => {
  await using first = await traceFile();
  await using second = await traceFile();
  const [a, b] = [first.tracer(), second.tracer()];
  const workflow = new LocalWorkflow(next(one("").setName("a")).setName("b"), { workflowName: "several" });
  workflow.setPlugin("*", a);
  workflow.setTracer(b);
  workflow.setTracer(a);
  workflow.setPlugin("*", new PluginCollection([a, b]));
  await workflow.run();
  for (const file of [first, second]) expect((await file.events()).map(short)).toEqual(A_THEN_B);
});

Deno.test("A tracer that throws disturbs no run", async () => {
  const broken: Tracer = {
    open: () => ({
      event: () => {
        throw new Error("broken");
      },
      close: () => {
        throw new Error("broken");
      },
    }),
  };
  for (const tracer of [broken, { open: () => broken.open(RUN)?.close("ended") as never }]) {
    const workflow = new LocalWorkflow(next(one("")), { workflowName: "broken" });
    workflow.setTracer(tracer);
    expect(await workflow.run()).toBe(12);
  }
});
