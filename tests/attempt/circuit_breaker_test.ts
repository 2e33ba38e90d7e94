import { expect } from "@std/expect";
import {
  type AttemptOutcome,
  CircuitBreakerPolicy,
  CircuitOpenError,
  ConfigError,
  LocalWorkflow,
  type Policy,
  runAttempt,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const place = { workflowName: "w", runId: "r", nodeName: "n", attempt: 1 };

/** A service that fails as long as it is told to, and how often it was called. */
class Service {
  calls = 0;
  isDown = true;

  readonly call = (): string => {
    this.calls++;
    if (this.isDown) throw new RangeError("no answer");
    return "answer";
  };

  ask(policy: Policy): Promise<AttemptOutcome> {
    return runAttempt(place, this.call, { policies: [policy] });
  }
}

function openError(outcome: AttemptOutcome): CircuitOpenError {
  if (outcome.kind === "failed" && outcome.error instanceof CircuitOpenError) return outcome.error;
  throw new TypeError(`a CircuitOpenError was expected, and not ${JSON.stringify(outcome)}`);
}

Deno.test("CircuitBreakerPolicy opens after failures in a row, tries one call later, and closes if it succeeds", async () => {
  const clock = new ManualClock();
  const policy = new CircuitBreakerPolicy({ failures: 3, halfOpenAfter: 1_000 }, clock);
  const service = new Service();
  for (let i = 0; i < 3; i++) {
    expect(await service.ask(policy)).toMatchObject({ kind: "failed", error: { message: "no answer" } });
  }
  clock.advance(400);
  const refused = openError(await service.ask(policy));
  expect([refused.retryAfter, refused.code, service.calls]).toEqual([600, "CIRCUIT_OPEN", 3]);
  expect(refused.message).toContain("node `n` in workflow `w`");
  expect(refused.cause).toBeInstanceOf(RangeError);
  clock.advance(600);
  // The one call that is tried fails, and it is open for as long again.
  expect(await service.ask(policy)).toMatchObject({ error: { message: "no answer" } });
  expect(openError(await service.ask(policy)).retryAfter).toBe(1_000);
  expect(service.calls).toBe(4);
  clock.advance(1_000);
  service.isDown = false;
  for (let i = 0; i < 3; i++) expect(await service.ask(policy)).toEqual({ kind: "succeeded", value: "answer" });
  // A success begins the count anew.
  service.isDown = true;
  for (let i = 0; i < 2; i++) await service.ask(policy);
  service.isDown = false;
  await service.ask(policy);
  service.isDown = true;
  for (let i = 0; i < 2; i++) await service.ask(policy);
  service.isDown = false;
  expect(await service.ask(policy)).toEqual({ kind: "succeeded", value: "answer" });
});

Deno.test("CircuitBreakerPolicy opens when more than a share of the last calls failed", async () => {
  const policy = new CircuitBreakerPolicy({ threshold: 0.5, size: 4 }, new ManualClock());
  const service = new Service();
  for (const isDown of [true, false, true, false, true, true]) {
    service.isDown = isDown;
    await service.ask(policy);
  }
  expect(service.calls).toBe(6);
  openError(await service.ask(policy));
  expect(service.calls).toBe(6);
});

Deno.test("Retries of a step wait until the circuit lets a call through", async () => {
  const clock = new ManualClock();
  const service = new Service();
  const ask = task(service.call, {
    name: "ask",
    policies: [new CircuitBreakerPolicy({ failures: 2, halfOpenAfter: 90_000 }, clock)],
    retry: { maxAttempts: 4, initialDelay: 10, maxDelay: 10, jitter: 0 },
  });
  const run = await new LocalWorkflow(ask(), { workflowName: "down", clock }).start();
  for (const wait of [10, 10, 89_990]) {
    expect(await clock.untilTimers()).toEqual([wait]);
    if (wait > 10) service.isDown = false;
    clock.advance(wait);
  }
  expect(await run.result()).toBe("answer");
  expect(service.calls).toBe(3);
});

Deno.test("A timeout counts as a failure, and what was cancelled does not", async () => {
  const clock = new ManualClock();
  const policy = new CircuitBreakerPolicy({ failures: 1 }, clock);
  const hang = () => new Promise<never>(() => {});
  for (let i = 0; i < 3; i++) {
    const stop = new AbortController();
    const cancelled = runAttempt(place, hang, { policies: [policy], signal: stop.signal, clock });
    await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort(new Error("not wanted any more"));
    expect(await cancelled).toMatchObject({ kind: "failed", error: { message: "not wanted any more" } });
  }
  const late = runAttempt(place, hang, { policies: [policy], options: { timeout: 50 }, clock });
  await clock.untilTimers();
  await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(50);
  expect(await late).toMatchObject({ kind: "failed", error: { code: "TIMEOUT" } });
  openError(await runAttempt(place, hang, { policies: [policy], clock }));
});

Deno.test("breakIf says which errors count; another circuit that is open does not", async () => {
  const service = new Service();
  const clock = new ManualClock();
  const mild = new CircuitBreakerPolicy({ failures: 1, breakIf: (error) => error instanceof TypeError }, clock);
  for (let i = 0; i < 3; i++) expect(await service.ask(mild)).toMatchObject({ error: { message: "no answer" } });
  const outer = new CircuitBreakerPolicy({ failures: 2 }, clock);
  const inner = new CircuitBreakerPolicy({ failures: 1, halfOpenAfter: 10 }, clock);
  const ask = () => runAttempt(place, service.call, { policies: [outer, inner] });
  for (let i = 0; i < 4; i++) await ask();
  clock.advance(10);
  service.isDown = false;
  expect(await ask()).toEqual({ kind: "succeeded", value: "answer" });
});

Deno.test("While one call is tried, others wait for what comes of it", async () => {
  const clock = new ManualClock();
  const policy = new CircuitBreakerPolicy({ failures: 1, halfOpenAfter: 10 }, clock);
  const service = new Service();
  await service.ask(policy);
  clock.advance(10);
  const trial = Promise.withResolvers<string>();
  let calls = 0;
  const ask = () =>
    runAttempt(place, () => {
      calls++;
      return trial.promise;
    }, { policies: [policy] });
  const asked = [ask(), ask(), ask()];
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(calls).toBe(1);
  trial.resolve("up");
  expect(await Promise.all(asked)).toEqual([1, 2, 3].map(() => ({ kind: "succeeded", value: "up" })));
  expect(calls).toBe(3);
});

Deno.test("Policies with the same key are one circuit, others are not", async () => {
  const clock = new ManualClock();
  const service = new Service();
  const [one, same, other] = ["one", "one", "other"].map((key) =>
    new CircuitBreakerPolicy({ key: `circuit/${key}`, failures: 1 }, clock)
  );
  await service.ask(one!);
  expect(openError(await service.ask(same!)).message).toContain('"circuit/one"');
  expect(await service.ask(other!)).toMatchObject({ error: { message: "no answer" } });
  expect(() => new CircuitBreakerPolicy({ key: "circuit/one", failures: 2 }, clock)).toThrow(ConfigError);
});

Deno.test("CircuitBreakerPolicy refuses options that it can not keep, by name", () => {
  for (
    const [options, name] of [
      [{ failures: 0 }, "failures"],
      [{ failures: 1.5 }, "failures"],
      [{ threshold: 1 }, "threshold"],
      [{ threshold: 0.5, failures: 2 }, "threshold"],
      [{ threshold: 0.5, size: 0 }, "size"],
      [{ size: 5 }, "size"],
      [{ halfOpenAfter: 0 }, "halfOpenAfter"],
      [{ halfOpenAfter: Infinity }, "halfOpenAfter"],
    ] as const
  ) {
    expect(() => new CircuitBreakerPolicy(options)).toThrow(ConfigError);
    expect(() => new CircuitBreakerPolicy(options)).toThrow(`\`${name}\``);
  }
});

Deno.test("The circuit of a workflow is over all of its nodes, and the run fails with its error as the cause", async () => {
  const service = new Service();
  const policies = [new CircuitBreakerPolicy({ failures: 1 })];
  const ask = task(service.call, { name: "ask" });
  const first = ask();
  const run = new LocalWorkflow(ask().after(first.with({ onFailure: () => "none" })), { workflowName: "all", policies })
    .run();
  const error: unknown = await run.catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError was expected");
  expect(error.cause).toBeInstanceOf(CircuitOpenError);
  expect(service.calls).toBe(1);
});
