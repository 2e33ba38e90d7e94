import { expect } from "@std/expect";
import {
  defineWorkflow,
  KvWorkflow,
  LocalWorkflow,
  openRuntime,
  PoolWorkflow,
  task,
  type TraceEvent,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { A_THEN_B, short, traceFile } from "./trace_file.ts";

const one = task(() => 1, { name: "one" });
const next = task((x: number) => x + 1, { name: "next" });
const chain = () => next(one().setName("a")).setName("b");

function expectReference(events: readonly TraceEvent[], workflowId: string): void {
  expect(events.map(short)).toEqual(A_THEN_B);
  const [first] = events;
  let last = 0;
  for (const event of events) {
    expect(event).toMatchObject({ workflowId, runId: first!.runId, process: Deno.pid, host: Deno.hostname() });
    expect(event.timestamp).toBeGreaterThanOrEqual(last);
    last = event.timestamp;
    expect(Object.keys(event).filter((key) => !["step", "status"].includes(key)).sort())
      .toEqual(["event", "host", "process", "runId", "timestamp", "workflowId"]);
  }
}

for (const Backend of [LocalWorkflow, PoolWorkflow, SequentialWorkflow]) {
  Deno.test(`FL4 the trace of A→B on ${Backend.name} is exactly the reference's`, async () => {
    await using file = await traceFile();
    const workflow = new Backend(chain(), { workflowName: "fl4" });
    workflow.setTracer(file.tracer());
    expect(await workflow.run()).toBe(2);
    expectReference(await file.events(), "fl4");
  });
}

Deno.test("FL4 the trace of A→B on a durable run is exactly the reference's, given to the runtime or to the workflow", async () => {
  for (const given of ["runtime", "workflow", "both"]) {
    await using file = await traceFile();
    const tracer = file.tracer();
    await using runtime = await openRuntime({ kv: ":memory:", ...(given === "workflow" ? {} : { tracer }) });
    const workflow = new KvWorkflow(chain(), { workflowName: "fl4", runtime });
    if (given !== "runtime") workflow.setPlugin("*", tracer);
    expect(await workflow.run()).toBe(2);
    expectReference(await file.events(), "fl4");
  }
});

Deno.test("FL4 a durable worker traces a definition whose plugins have a tracer", async () => {
  await using file = await traceFile();
  const definition = defineWorkflow("fl4", { version: "1", plugins: [file.tracer()] }, () => chain());
  await using runtime = await openRuntime({ kv: ":memory:" });
  const run = await runtime.start(definition);
  await runtime.worker([definition]).tick({ budgetMs: 10_000 });
  expect(await run.result()).toBe(2);
  expectReference(await file.events(), "fl4");
});

Deno.test("FL4 attempts are told from the second on, with their errors, on every backend", async () => {
  await using file = await traceFile();
  const tracer = file.tracer();
  await using runtime = await openRuntime({ kv: ":memory:", tracer });
  for (const backend of ["local", "durable"]) {
    let calls = 0;
    const flaky = task(() => {
      if (++calls < 3) throw new RangeError(`call ${calls}`);
      return calls;
    }, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 1 } });
    const options = { workflowName: backend };
    const workflow = backend === "local"
      ? new LocalWorkflow(flaky().setName("f"), options)
      : new KvWorkflow(flaky().setName("f"), { ...options, runtime });
    if (backend === "local") workflow.setTracer(tracer);
    expect(await workflow.run()).toBe(3);
    const events = (await file.events()).filter(({ workflowId }) => workflowId === backend);
    expect(events.map(short)).toEqual([
      "workflow_started",
      "step_enqueued f",
      "step_started f",
      "attempt_started f 2",
      "attempt_failed f 2",
      "attempt_started f 3",
      "step_finished f SUCCEEDED",
      "workflow_finished SUCCEEDED",
    ]);
    expect(events[4]).toMatchObject({ error: { name: "RangeError", message: "call 2" } });
  }
});
