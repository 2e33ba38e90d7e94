import { expect } from "@std/expect";
import fc from "fast-check";
import { LocalWorkflow, type Policy, runAttempt, task } from "@fusewire/fusewire";
import { LONGEST_RETRY_AFTER, retryAfterHeader, retryAfterOf } from "../../src/retry_after.ts";
import { ManualClock } from "../manual_clock.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** An error with properties of its own. */
function errorWith(properties: object, message = "busy"): Error {
  return Object.assign(new Error(message), properties);
}

Deno.test("retryAfterOf() reads a number of milliseconds and a Date, and nothing else", () => {
  expect(retryAfterOf(errorWith({ retryAfter: 250 }), NOW)).toBe(250);
  expect(retryAfterOf({ retryAfter: 250 }, NOW)).toBe(250);
  expect(retryAfterOf(errorWith({ retryAfter: new Date(NOW + 7_000) }), NOW)).toBe(7_000);
  expect(retryAfterOf(errorWith({ retryAfter: new Date(NOW - 7_000) }), NOW)).toBe(0);
  for (const retryAfter of [-1, NaN, "12", new Date(NaN), null, {}, () => 5]) {
    expect(retryAfterOf(errorWith({ retryAfter }), NOW)).toBe(0);
  }
  for (const thrown of [undefined, null, "retryAfter", 12, Symbol("x"), new Error("plain")]) {
    expect(retryAfterOf(thrown, NOW)).toBe(0);
  }
});

Deno.test("retryAfterOf() reads the Retry-After header of a response, of headers, and of a plain object", () => {
  const seconds = new Response("", { status: 429, headers: { "Retry-After": "3" } });
  const date = new Response("", { status: 503, headers: { "retry-after": new Date(NOW + 9_000).toUTCString() } });
  expect(retryAfterOf(errorWith({ response: seconds }), NOW)).toBe(3_000);
  expect(retryAfterOf(errorWith({ response: date }), NOW)).toBe(9_000);
  expect(retryAfterOf(errorWith({ headers: seconds.headers }), NOW)).toBe(3_000);
  expect(retryAfterOf(errorWith({ response: { headers: { "Retry-After": "4" } } }), NOW)).toBe(4_000);
  expect(retryAfterOf(errorWith({ headers: { "retry-after": 5 } }), NOW)).toBe(5_000);
  expect(retryAfterOf(errorWith({ retryAfter: 1, response: seconds }), NOW)).toBe(1);
  for (const nothing of ["", "soon", "-3"]) {
    expect(retryAfterOf(errorWith({ headers: { "retry-after": nothing } }), NOW)).toBe(0);
  }
});

Deno.test("retryAfterOf() asks the causes, the outermost first, and never hangs or throws", () => {
  const inner = errorWith({ retryAfter: 30 });
  expect(retryAfterOf(new Error("outer", { cause: new Error("middle", { cause: inner }) }), NOW)).toBe(30);
  expect(retryAfterOf(errorWith({ retryAfter: 20, cause: inner }), NOW)).toBe(20);
  const circle = new Error("circle");
  circle.cause = circle;
  expect(retryAfterOf(circle, NOW)).toBe(0);
  const trap = {
    get retryAfter(): number {
      throw new Error("trap");
    },
    cause: inner,
  };
  expect(retryAfterOf(trap, NOW)).toBe(30);
  expect(
    retryAfterOf(
      new Proxy({}, {
        get() {
          throw new Error("trap");
        },
      }),
      NOW,
    ),
  ).toBe(0);
});

Deno.test("retryAfterOf() gives a number from 0 to a day, whatever was thrown", () => {
  const said = fc.oneof(fc.anything(), fc.double(), fc.date({ noInvalidDate: false }), fc.nat());
  const header = fc.oneof(fc.string(), fc.nat().map(String), fc.date().map((date) => date.toUTCString()));
  const thrown = fc.oneof(
    fc.anything(),
    said.map((retryAfter) => ({ retryAfter })),
    header.map((text) => ({ response: { headers: { "Retry-After": text } } })),
    said.map((retryAfter) => new Error("outer", { cause: { retryAfter } })),
  );
  fc.assert(fc.property(thrown, fc.integer({ min: 0, max: 4e12 }), (error, now) => {
    const wait = retryAfterOf(error, now);
    expect(wait >= 0 && wait <= LONGEST_RETRY_AFTER).toBe(true);
  }));
});

Deno.test("A Date and its header agree to the second, and seconds with milliseconds", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 86_400 }), (seconds) => {
    const until = new Date(NOW + 1_000 * seconds);
    const headers = (text: string) => ({ response: new Response("", { headers: { "retry-after": text } }) });
    const waits = [
      { retryAfter: 1_000 * seconds },
      { retryAfter: until },
      headers(String(seconds)),
      headers(until.toUTCString()),
    ].map((said) => retryAfterOf(errorWith(said), NOW));
    expect(waits).toEqual([1, 1, 1, 1].map(() => 1_000 * seconds));
    expect(retryAfterHeader(new Headers({ "retry-after": String(seconds) }), NOW)).toBe(1_000 * seconds);
  }));
});

Deno.test("A step is not tried again before its error's own retryAfter, also beyond maxDelay", async () => {
  const clock = new ManualClock();
  let calls = 0;
  const refused = task(() => {
    if (++calls === 1) throw errorWith({ retryAfter: 120_000 });
    if (calls === 2) throw errorWith({ retryAfter: 1 });
    return "done";
  }, { name: "refused", retry: { maxAttempts: 3, initialDelay: 50, maxDelay: 50, jitter: 0 } });
  const run = await new LocalWorkflow(refused(), { workflowName: "refused", clock }).start();
  expect(await clock.untilTimers()).toEqual([120_000]);
  clock.advance(120_000);
  expect(await clock.untilTimers()).toEqual([50]);
  clock.advance(50);
  expect(await run.result()).toBe("done");
});

Deno.test("retryAfter makes no attempt where there is to be none, and counts for a policy's own delay too", async () => {
  const place = { workflowName: "w", runId: "r", nodeName: "n", attempt: 1 };
  const refuse = () => {
    throw errorWith({ retryAfter: 5_000 });
  };
  expect(await runAttempt(place, refuse)).toMatchObject({ kind: "failed" });
  const again = (delay?: number): Policy => ({
    onFailure: () => delay === undefined ? { action: "retry" } : { action: "retry", delay },
  });
  for (const [policy, delay] of [[again(), 5_000], [again(1), 5_000], [again(9_000), 9_000]] as const) {
    expect(await runAttempt(place, refuse, { policies: [policy] })).toMatchObject({ kind: "retry", delay });
  }
});
