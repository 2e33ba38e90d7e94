import { defineWorkflow, openRuntime, scheduleCron, task, timerTrigger } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { byHand, EVERY_MINUTE, MINUTE, NOON, processOn, statuses, timeOf, world } from "./cron_fixture.ts";

Deno.test("scheduleCron() makes one run of a tick that three processes fire, whose clocks differ", async () => {
  const { clock, storage, job } = world(10);
  const hands = [byHand(), byHand(), byHand()];
  const runtimes = await Promise.all([0, -3_000, 40_000].map((skew) => processOn(storage, clock, skew)));
  runtimes.forEach((runtime, i) => {
    scheduleCron("nightly report", EVERY_MINUTE, job.definition, {
      runtime,
      trigger: hands[i]!.trigger,
      input: timeOf,
    });
  });
  const fired = hands.map((hand) => hand.fire());
  await clock.advance(1_000);
  await Promise.all(fired);
  const { runs } = await runtimes[0]!.list();
  expect(runs.map(({ id, status }) => [id, status])).toEqual([["cron-nightly.report-20260101T120000Z", "SUCCEEDED"]]);
  expect(await runtimes[0]!.get(runs[0]!.id).result()).toBe("12:00:00");
  for (const runtime of runtimes) await runtime.close();
});

Deno.test("scheduleCron() takes a tick that is fired late for the one that was due", async () => {
  const { clock, storage, job } = world(10, NOON + 40_000);
  const runtime = await processOn(storage, clock);
  const hand = byHand();
  scheduleCron("late", EVERY_MINUTE, job.definition, { runtime, trigger: hand.trigger, input: timeOf });
  const fired = [hand.fire(), hand.fire()];
  await clock.advance(100);
  await Promise.all(fired);
  expect(job.began).toEqual(["12:00:00"]);
  await runtime.close();
});

Deno.test("FA17: a job of 3.5 s every second never overlaps itself", async () => {
  const { clock, storage, job } = world(3_500);
  const runtimes = [await processOn(storage, clock), await processOn(storage, clock, 200)];
  for (const runtime of runtimes) {
    scheduleCron("often", "* * * * * *", job.definition, { runtime, trigger: timerTrigger, input: timeOf });
  }
  await clock.advance(20_000);
  expect(job.most).toBe(1);
  expect(job.began).toEqual(["12:00:01", "12:00:05", "12:00:09", "12:00:13", "12:00:17"]);
  const closed = runtimes.map((runtime) => runtime.close());
  await clock.advance(4_000);
  await Promise.all(closed);
});

Deno.test("scheduleCron() fires what is due while a tick is at work, which Deno does not", async () => {
  const { clock, storage, job } = world(3.5 * MINUTE);
  const runtime = await processOn(storage, clock);
  const hand = byHand();
  scheduleCron("long", EVERY_MINUTE, job.definition, {
    runtime,
    trigger: hand.trigger,
    input: timeOf,
    overlap: "allow",
  });
  void hand.fire();
  await clock.advance(3 * MINUTE);
  expect(job.began).toEqual(["12:00:00", "12:01:00", "12:02:00", "12:03:00"]);
  expect(job.most).toBe(4);
  const closed = runtime.close();
  await clock.advance(4 * MINUTE);
  await closed;
});

Deno.test("scheduleCron() lets queued runs go one after another, in any process, in the order of their due times", async () => {
  const { clock, storage, job } = world(2.5 * MINUTE);
  const runtimes = [await processOn(storage, clock), await processOn(storage, clock)];
  const hands = [byHand(), byHand()];
  runtimes.forEach((runtime, i) => {
    const options = { runtime, trigger: hands[i]!.trigger, input: timeOf, overlap: "queue" } as const;
    scheduleCron("queued", EVERY_MINUTE, job.definition, options);
  });
  for (let minute = 0; minute < 4; minute++) {
    for (const hand of hands) void hand.fire(new Date(NOON + minute * MINUTE));
    await clock.advance(1);
    expect(await statuses(runtimes[0]!)).toHaveLength(minute + 1);
  }
  expect(await statuses(runtimes[0]!)).toEqual(["RUNNING", "PENDING", "PENDING", "PENDING"]);
  for (let minute = 1; minute < 15; minute++) {
    await clock.advance(NOON + minute * MINUTE - clock.now());
    for (const hand of hands) void hand.fire();
  }
  expect(job.most).toBe(1);
  const times = [0, 1, 2, 3].map((minute) => `12:0${minute}:00`);
  expect(job.began.slice(0, 4)).toEqual(times);
  expect([...job.began].sort()).toEqual(job.began);
  expect(new Set(job.began).size).toBe(job.began.length);
  const closed = runtimes.map((runtime) => runtime.close());
  await clock.advance(5 * MINUTE);
  await Promise.all(closed);
});

Deno.test("scheduleCron() leaves a queued run that was cancelled out", async () => {
  const { clock, storage, job } = world(30_000);
  const runtime = await processOn(storage, clock);
  const hand = byHand();
  scheduleCron("queued", "0 * * * *", job.definition, {
    runtime,
    trigger: hand.trigger,
    input: timeOf,
    overlap: "queue",
    budgetMs: 10 * MINUTE,
  });
  for (const hour of [12, 13, 14]) void hand.fire(new Date(Date.UTC(2026, 0, 1, hour)));
  await clock.advance(1_000);
  const waiting = runtime.get("cron-queued-20260101T130000Z");
  const cancelled = waiting.cancel();
  await clock.advance(5 * MINUTE);
  await cancelled;
  expect(job.began).toEqual(["12:00:00", "14:00:00"]);
  expect(await statuses(runtime)).toEqual(["SUCCEEDED", "CANCELLED", "SUCCEEDED"]);
  await runtime.close();
});

Deno.test("scheduleCron() drives what has not ended when it is registered, and up to its budget", async () => {
  const { clock, storage, job } = world(100);
  const runtime = await processOn(storage, clock);
  const run = await runtime.start(job.definition, { day: "by hand" });
  const hand = byHand();
  scheduleCron("driver", EVERY_MINUTE, job.definition, { runtime, trigger: hand.trigger, input: { day: "always" } });
  await clock.advance(1_000);
  expect((await run.status()).status).toBe("SUCCEEDED");
  const fired = hand.fire();
  await clock.advance(1_000);
  await fired;
  expect(job.began).toEqual(["by hand", "always"]);
  await runtime.close();
});

Deno.test("scheduleCron() goes on after a tick whose input can not be made", async () => {
  const { clock, storage, job } = world(10);
  const runtime = await processOn(storage, clock);
  const hand = byHand();
  scheduleCron("picky", EVERY_MINUTE, job.definition, {
    runtime,
    trigger: hand.trigger,
    input: (tick) => {
      if (tick.due.getTime() === NOON) throw new TypeError("not at noon");
      return Promise.resolve(timeOf(tick));
    },
  });
  for (const minute of [0, 1]) {
    const fired = hand.fire(new Date(NOON + minute * MINUTE));
    await clock.advance(10_000);
    await fired;
  }
  expect(job.began).toEqual(["12:01:00"]);
  await runtime.close();
});

Deno.test("scheduleCron() ends with its signal or its runtime", async () => {
  const { clock, storage, job } = world(MINUTE);
  const runtime = await processOn(storage, clock);
  const hand = byHand();
  const stop = new AbortController();
  scheduleCron("ends", EVERY_MINUTE, job.definition, {
    runtime,
    trigger: hand.trigger,
    input: timeOf,
    signal: stop.signal,
    patience: 4_000,
  });
  void hand.fire();
  await clock.advance(1_000);
  stop.abort();
  const closed = runtime.close();
  await clock.advance(3_999);
  expect(job.active).toBe(1);
  await clock.advance(1);
  await closed;
  await hand.fire(new Date(NOON + MINUTE));
  expect(job.began).toEqual(["12:00:00"]);
  expect((await storage.listRuns()).runs.map(({ status, session }) => [status, session])).toEqual([[
    "RUNNING",
    undefined,
  ]]);
});

Deno.test("scheduleCron() makes one run of a tick that three processes fire on one Deno KV", async () => {
  const folder = await Deno.makeTempDir();
  const began: number[] = [];
  const step = task(() => began.push(Date.now()), { name: "work" });
  for (const overlap of ["skip", "queue", "allow"] as const) {
    const definition = defineWorkflow(overlap, { version: "1" }, () => step());
    const runtimes = await Promise.all([1, 2, 3].map(() => openRuntime({ kv: `${folder}/kv.sqlite` })));
    const hands = runtimes.map((runtime) => {
      const hand = byHand();
      scheduleCron(`on kv ${overlap}`, "0 0 1 1 *", definition, { runtime, trigger: hand.trigger, overlap });
      return hand;
    });
    for (const year of [2025, 2026]) {
      await Promise.all(hands.map((hand) => hand.fire(new Date(Date.UTC(year, 0)))));
    }
    await Promise.all(
      (await runtimes[0]!.list({ workflow: overlap })).runs.map(({ id }) => runtimes[1]!.get(id).result()),
    );
    const { runs } = await runtimes[2]!.list({ workflow: overlap });
    expect(runs.map(({ id, status }) => [id.slice(-16), status])).toEqual([
      ["20260101T000000Z", "SUCCEEDED"],
      ["20250101T000000Z", "SUCCEEDED"],
    ]);
    await Promise.all(runtimes.map((runtime) => runtime.close()));
  }
  expect(began).toHaveLength(6);
  await Deno.remove(folder, { recursive: true });
});
