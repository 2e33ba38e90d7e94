import { expect } from "@std/expect";
import { type AttemptPlace, context, runAttempt, type TaskContext } from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const place: AttemptPlace = { workflowName: "w", runId: "r", nodeName: "n", attempt: 2 };

Deno.test("An attempt succeeds with what the call gives, awaited", async () => {
  expect(await runAttempt(place, () => 7)).toEqual({ kind: "succeeded", value: 7 });
  expect(await runAttempt(place, () => Promise.resolve(7))).toEqual({ kind: "succeeded", value: 7 });
  expect(await runAttempt(place, () => undefined)).toEqual({ kind: "succeeded", value: undefined });
});

Deno.test("It never rejects: what is thrown is an outcome", async () => {
  const error = new Error("x");
  for (
    const call of [() => {
      throw error;
    }, () => Promise.reject(error)]
  ) expect(await runAttempt(place, call)).toEqual({ kind: "failed", error });
});

Deno.test("The call sees its context, as argument and by context()", async () => {
  const seen: TaskContext[] = [];
  const progress: unknown[] = [];
  await runAttempt(place, async (given) => {
    seen.push(given);
    await Promise.resolve();
    seen.push(context());
    context().progress(0.5, "half");
  }, { fence: 9n, onProgress: (...told) => progress.push(told) });
  expect(seen[0]).toBe(seen[1]);
  expect(seen[0]).toMatchObject({ ...place, fence: 9n });
  expect(progress).toEqual([[0.5, "half"]]);
});

Deno.test("Plugins are initialized right before the call, in order, with what they were given", async () => {
  const order: unknown[] = [];
  const plugin = (name: string) => ({
    plugin: {
      remoteInitialize: (state: unknown, { attempt }: { attempt: number }) => void order.push([name, state, attempt]),
    },
    state: `state of ${name}`,
  });
  await runAttempt(place, () => order.push("call"), { plugins: [plugin("a"), plugin("b")] });
  expect(order).toEqual([["a", "state of a", 2], ["b", "state of b", 2], "call"]);
  const error = new Error("not ready");
  const broken = { plugin: { remoteInitialize: () => Promise.reject(error) }, state: undefined };
  expect(await runAttempt(place, () => order.push("never"), { plugins: [broken] })).toEqual({ kind: "failed", error });
  expect(order).not.toContain("never");
});

Deno.test("Retry options count from the attempt's number", async () => {
  const clock = new ManualClock();
  const attempt = (number: number) =>
    runAttempt({ ...place, attempt: number }, () => Promise.reject(new Error("x")), {
      options: { retry: { maxAttempts: 3, initialDelay: 10 } },
      clock,
    });
  expect(await attempt(1)).toMatchObject({ kind: "retry", delay: 10 });
  expect(await attempt(2)).toMatchObject({ kind: "retry", delay: 20 });
  expect(await attempt(3)).toMatchObject({ kind: "failed" });
});

Deno.test("An attempt that is aborted from outside ends at once, without another one and without a fallback", async () => {
  const controller = new AbortController();
  let inner: AbortSignal | undefined;
  const outcome = runAttempt(place, ({ signal }) => {
    inner = signal;
    return new Promise(() => {});
  }, {
    signal: controller.signal,
    options: { retry: { maxAttempts: 5 }, onFailure: () => "fallback" },
  });
  const reason = new Error("stop");
  controller.abort(reason);
  expect(await outcome).toEqual({ kind: "failed", error: reason });
  expect(inner?.reason).toBe(reason);
  let calls = 0;
  const late = await runAttempt(place, () => ++calls, { signal: AbortSignal.abort(reason) });
  expect(late).toEqual({ kind: "failed", error: reason });
  expect(calls).toBe(0);
});

Deno.test("onFailure decides last: fail, skip, or a value", async () => {
  const error = new Error("x");
  const outcome = (onFailure: "fail" | "skip" | ((error: unknown) => unknown)) =>
    runAttempt(place, () => Promise.reject(error), { options: { onFailure } });
  expect(await outcome("fail")).toEqual({ kind: "failed", error });
  expect(await outcome("skip")).toEqual({ kind: "skipped", error });
  expect(await outcome(() => "value")).toEqual({ kind: "succeeded", value: "value" });
});
