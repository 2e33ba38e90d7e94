import {
  ConfigError,
  type CronOptions,
  defineWorkflow,
  type Definition,
  type Input,
  MemoryRuntimeStorage,
  openRuntime,
  scheduleCron,
  task,
  timerTrigger,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import { expect } from "@std/expect";
import { byHand, Job, MINUTE, NOON, processOn, statuses, timeOf } from "./cron_fixture.ts";

const EVERY_MINUTE = "* * * * *";

function world(duration: number, start = NOON) {
  const clock = new VirtualClock({ start });
  return { clock, storage: new MemoryRuntimeStorage(), job: new Job(clock, duration) };
}

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
  await waiting.cancel();
  await clock.advance(5 * MINUTE);
  expect(job.began).toEqual(["12:00:00", "14:00:00"]);
  expect(await statuses(runtime)).toEqual(["SUCCEEDED", "CANCELLED", "SUCCEEDED"]);
  await runtime.close();
});

for (
  const [catchUp, overlap, expected] of [
    ["none", "skip", ["12:10:00"]],
    ["latest", "skip", ["12:09:00", "12:10:00"]],
    ["all", "skip", ["12:03:00", "12:04:00", "12:05:00", "12:06:00", "12:07:00", "12:08:00", "12:09:00", "12:10:00"]],
    ["latest", "allow", ["12:09:00", "12:10:00"]],
    ["all", "queue", [
      "12:01:00",
      "12:02:00",
      "12:03:00",
      "12:04:00",
      "12:05:00",
      "12:06:00",
      "12:07:00",
      "12:08:00",
      "12:09:00",
      "12:10:00",
    ]],
  ] as const
) {
  Deno.test(`scheduleCron() with catchUp "${catchUp}" and overlap "${overlap}" runs what was missed once, in order`, async () => {
    const { clock, storage, job } = world(2.5 * MINUTE);
    const first = await processOn(storage, clock);
    const hand = byHand();
    const stop = new AbortController();
    const options = { input: timeOf, catchUp, overlap };
    const once = { ...options, runtime: first, trigger: hand.trigger, signal: stop.signal, patience: Infinity };
    scheduleCron("missed", EVERY_MINUTE, job.definition, once);
    void hand.fire();
    await clock.advance(1_000);
    stop.abort();
    await clock.advance(3 * MINUTE);
    await first.close();
    expect(job.began).toEqual(["12:00:00"]);
    await clock.advance(NOON + 9.5 * MINUTE - clock.now());

    job.duration = 1_000;
    const second = await processOn(storage, clock);
    const again = byHand();
    scheduleCron("missed", EVERY_MINUTE, job.definition, { ...options, runtime: second, trigger: again.trigger });
    await clock.advance(0.5 * MINUTE);
    void again.fire();
    await clock.advance(0.5 * MINUTE);
    expect(job.began.slice(1)).toEqual(expected);
    if (overlap !== "allow") expect(job.most).toBe(1);
    await second.close();
  });
}

Deno.test("scheduleCron() says that nothing was missed before the first run", async () => {
  const { clock, storage, job } = world(10);
  const runtime = await processOn(storage, clock);
  const trigger = byHand().trigger;
  scheduleCron("new", EVERY_MINUTE, job.definition, { runtime, trigger, input: timeOf, catchUp: "all" });
  await clock.advance(1_000);
  expect(await statuses(runtime)).toEqual([]);
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

Deno.test("scheduleCron() refuses what Deno would refuse, and what would end the process", async () => {
  const { clock, storage, job } = world(10);
  const runtime = await processOn(storage, clock);
  const refused = (name: string, cron: string, options: object = {}) => {
    const all = { runtime, input: { day: "" }, ...options };
    expect(() => scheduleCron(name, cron, job.definition, all), `${name} ${cron}`).toThrow(ConfigError);
  };
  for (const name of ["", " ", "a/b", "ä", "x".repeat(65), "a.b", "a:b", "a\u00a0b"]) refused(name, EVERY_MINUTE);
  for (
    const cron of [
      "",
      "*",
      "* * * *",
      "* * * * * *",
      "60 * * * *",
      "* 24 * * *",
      "* * 0 * *",
      "* * * 13 *",
      "* * * * 8",
    ]
  ) refused("a", cron);
  for (
    const cron of [
      "@daily",
      "? * * * *",
      "* * L * *",
      "* * * * MON#2",
      "0 0 30 2 *",
      "* * * * FRI-MON",
      "a * * * *",
      "*,, * * * *",
    ]
  ) {
    refused("a", cron);
  }
  for (
    const options of [{ overlap: "never" }, { catchUp: "some" }, { budgetMs: 0 }, { patience: -1 }, { runtime: 1 }]
  ) {
    refused("a", EVERY_MINUTE, options);
  }
  await runtime.close();
});

Deno.test("scheduleCron() gives weekdays to Deno by name, since it counts them in another way", async () => {
  const { clock, storage, job } = world(10);
  const runtime = await processOn(storage, clock);
  const given: (string | undefined)[] = [];
  for (const [i, days] of ["0", "7", "1-5", "mon-fri/2", "*", "*/2", "sun,3"].entries()) {
    scheduleCron(`weekdays ${i}`, ` 5  6 * jan ${days}`, job.definition, {
      runtime,
      input: timeOf,
      trigger: ({ schedule, next }) => void given.push(schedule, next(new Date(NOON))?.toISOString().slice(0, 16)),
    });
  }
  expect(given).toEqual([
    ...["5 6 * jan SUN", "2026-01-04T06:05", "5 6 * jan SUN", "2026-01-04T06:05"],
    ...["5 6 * jan MON,TUE,WED,THU,FRI", "2026-01-02T06:05", "5 6 * jan MON,WED,FRI", "2026-01-02T06:05"],
    ...["5 6 * jan *", "2026-01-02T06:05", "5 6 * jan SUN,TUE,THU,SAT", "2026-01-03T06:05"],
    ...["5 6 * jan SUN,WED", "2026-01-04T06:05"],
  ]);
  await runtime.close();
});

Deno.test("scheduleCron() knows the input by the definition", async () => {
  const none = defineWorkflow("none", { version: "1" }, () => task(() => 1, { name: "one" })());
  const some = defineWorkflow(
    "some",
    { version: "1" },
    (input: Input<{ n: number }>) => task((n: number) => n, { name: "same" })(input.n),
  );
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const { trigger } = byHand();
  const given = { runtime, trigger };
  scheduleCron("a", EVERY_MINUTE, none, given);
  scheduleCron("b", EVERY_MINUTE, some, { ...given, input: { n: 1 } });
  scheduleCron("c", EVERY_MINUTE, some, { ...given, input: ({ due }) => ({ n: due.getTime() }) });
  // @ts-expect-error: the input is missing.
  const missing: CronOptions<{ n: number }> = given;
  // @ts-expect-error: the input is of another type.
  const wrong: CronOptions<{ n: number }> = { ...given, input: { n: "1" } };
  expect([missing, wrong]).toHaveLength(2);
  const typed: Definition<{ n: number }, number> = some;
  // @ts-expect-error: the input that is made is of another type.
  scheduleCron("d", EVERY_MINUTE, typed, { ...given, input: () => ({ n: "1" }) });
});

/** Runs a program with the settings of this repository, or without any. */
async function program(code: string, args: string[], env: Record<string, string>): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", ...args, code],
    env: { NO_COLOR: "1", ...env },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const REGISTERED = `
  import { defineWorkflow, MemoryRuntimeStorage, openRuntime, scheduleCron, task } from "${
  import.meta.resolve("../../mod.ts")
}";
  const stop = new AbortController();
  const beat = defineWorkflow("beat", { version: "1" }, () => task(() => { console.log("beat"); stop.abort(); }, { name: "beat" })());
  const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  try {
    scheduleCron("a heartbeat", "* * * * *", beat, { runtime, signal: stop.signal });
    console.log("registered");
    scheduleCron("a heartbeat", "* * * * *", beat, { runtime, signal: stop.signal });
  } catch (error) {
    console.log(String(error));
  }
`;

Deno.test("scheduleCron() is fired by Deno.cron, and lets the process end with its signal", async () => {
  // Deno fires a cron after so many milliseconds where this is set, for its own tests.
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const printed = await program(REGISTERED, [`--config=${config}`], { DENO_CRON_TEST_SCHEDULE_OFFSET: "20" });
  expect(printed.split("\n").filter((line) => line !== "")).toEqual([
    "registered",
    'ConfigError: Deno.cron refuses cron "a heartbeat" at `* * * * *`: Cron with this name already exists.',
    "beat",
  ]);
});
