import { SpanStatusCode, trace } from "@opentelemetry/api";
import { expect } from "@std/expect";
import {
  defineWorkflow,
  KvWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  openRuntime,
  PoolWorkflow,
  task,
  TelemetryPlugin,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { Otel } from "./otel.ts";

const one = task(() => 1, { name: "one" });
const next = task((x: number) => x + 1, { name: "next" });
const chain = () => next(one().setName("a")).setName("b");

/** A task that makes a span of its own, after a wait, and fails once if it is told to. */
function working(fails = false) {
  let calls = 0;
  return task(async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    trace.getTracer("user").startActiveSpan("own", (span) => span.end());
    if (fails && ++calls === 1) throw new RangeError("once");
    return 1;
  }, { name: "working", retry: { maxAttempts: 2, initialDelay: 0 } });
}

Deno.test("A run, its steps and their attempts are spans within each other, below the span that was active", async () => {
  await using otel = new Otel();
  const workflow = new LocalWorkflow(next(working()().setName("a")).setName("b"), { workflowName: "spans" });
  workflow.setPlugin("*", new TelemetryPlugin());
  await trace.getTracer("user").startActiveSpan("request", async (span) => {
    expect(await workflow.run()).toBe(2);
    span.end();
  });
  const [request, run, a, b, own] = ["request", "run spans", "step a", "step b", "own"].map((name) => otel.span(name));
  const attempts = otel.spans.filter(({ name }) => name === "attempt");
  const parentOf = (span: typeof run) => span?.parentSpanContext?.spanId;
  expect(parentOf(run)).toBe(request!.spanContext().spanId);
  expect([a, b].map(parentOf)).toEqual([run, run].map((span) => span!.spanContext().spanId));
  expect(attempts.map(parentOf)).toEqual([a, b].map((span) => span!.spanContext().spanId));
  expect(parentOf(own)).toBe(attempts[0]!.spanContext().spanId);
  expect(new Set(otel.spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  expect(a!.attributes).toMatchObject({ "fusewire.step": "a", "fusewire.status": "SUCCEEDED" });
  expect(run!.attributes).toMatchObject({ "fusewire.workflow": "spans", "fusewire.status": "SUCCEEDED" });
});

Deno.test("Failures are errors of the attempt, the step and the run; a retry that helps is one of its attempt", async () => {
  await using otel = new Otel();
  const fail = task((): number => {
    throw new RangeError("broken");
  }, { name: "fail" });
  const workflow = new LocalWorkflow([fail().setName("f"), working(true)().setName("w")], { workflowName: "failing" });
  workflow.setTracer(new TelemetryPlugin());
  await expect(workflow.run()).rejects.toThrow("broken");
  expect(otel.span("run failing").status.code).toBe(SpanStatusCode.ERROR);
  expect(otel.span("step f").status).toEqual({ code: SpanStatusCode.ERROR, message: "broken" });
  expect(otel.span("step w").status.code).toBe(SpanStatusCode.UNSET);
  const attempts = otel.spans.filter(({ name }) => name === "attempt").map((
    { attributes, status, events },
  ) => [attributes["fusewire.step"], attributes["fusewire.outcome"], status.message, events.length]);
  expect(attempts).toEqual([
    ["f", "failed", "broken", 1],
    ["w", "retry", "once", 1],
    ["w", "succeeded", undefined, 0],
  ]);
});

Deno.test("Steps, attempts, waits and runs are counted and measured", async () => {
  await using otel = new Otel();
  const workflow = new LocalWorkflow([chain(), working(true)().setName("w")], { workflowName: "counted" });
  workflow.setTracer(new TelemetryPlugin());
  await workflow.run();
  await using runtime = await openRuntime({ kv: ":memory:", tracer: new TelemetryPlugin() });
  await new KvWorkflow(chain(), { workflowName: "durable", runtime }).run();
  const values = await otel.metrics();
  expect(Object.fromEntries([...values].filter(([name]) => !name.includes("commit")))).toEqual({
    "fusewire.attempts counted": 4,
    "fusewire.attempts durable": 2,
    "fusewire.queue.wait counted": 3,
    "fusewire.queue.wait durable": 1,
    "fusewire.runs counted SUCCEEDED": 1,
    "fusewire.runs durable SUCCEEDED": 1,
    "fusewire.step.duration counted SUCCEEDED": 3,
    "fusewire.step.duration durable SUCCEEDED": 2,
    "fusewire.steps counted SUCCEEDED": 3,
    "fusewire.steps durable SUCCEEDED": 2,
  });
  expect(values.get("fusewire.commit.duration durable")).toBeGreaterThan(0);
});

Deno.test("A durable run is one trace from its start, whichever runtime works on it", async () => {
  await using otel = new Otel();
  const storage = new MemoryRuntimeStorage();
  const definition = defineWorkflow("etl", { version: "1" }, () => next(working()().setName("a")).setName("b"));
  await using starting = await openRuntime({ runtimeStorage: storage, tracer: new TelemetryPlugin() });
  await using working_ = await openRuntime({ runtimeStorage: storage, tracer: new TelemetryPlugin() });
  const run = await trace.getTracer("user").startActiveSpan("request", async (span) => {
    const run = await starting.start(definition);
    span.end();
    return run;
  });
  await working_.worker([definition]).tick({ budgetMs: 10_000 });
  expect(await run.result()).toBe(2);
  const start = otel.span("start etl").spanContext();
  expect(otel.span("start etl").parentSpanContext?.spanId).toBe(otel.span("request").spanContext().spanId);
  expect(otel.span("run etl").parentSpanContext).toMatchObject({ spanId: start.spanId, isRemote: true });
  expect(new Set(otel.spans.map((span) => span.spanContext().traceId))).toEqual(new Set([start.traceId]));
  expect(otel.spans.filter(({ name }) => name === "commit").length).toBeGreaterThan(0);
  const attempts = otel.spans.filter(({ name }) => name === "attempt").map((span) => span.spanContext().spanId);
  expect(attempts).toContain(otel.span("own").parentSpanContext?.spanId);
  expect(otel.span("run etl").attributes).toMatchObject({ "fusewire.version": "1", "fusewire.fence": 1 });
});

for (const Backend of [PoolWorkflow, SequentialWorkflow]) {
  Deno.test(`${Backend.name} has spans of its runs and steps`, async () => {
    await using otel = new Otel();
    const workflow = new Backend(chain(), { workflowName: "other" });
    workflow.setTracer(new TelemetryPlugin());
    expect(await workflow.run()).toBe(2);
    const run = otel.span("run other").spanContext().spanId;
    for (const step of ["a", "b"]) expect(otel.span(`step ${step}`).parentSpanContext?.spanId).toBe(run);
  });
}

Deno.test("Without an SDK nobody hears of a run, and plain nodes stay plain", async () => {
  const tracer = new TelemetryPlugin();
  await tracer.prepare();
  const run = { workflowId: "w", runId: "r", process: 1, host: "h", version: "", holds: "run" } as const;
  expect(tracer.open(run)).toBeUndefined();
  expect(tracer.started(run)).toBeUndefined();
});
