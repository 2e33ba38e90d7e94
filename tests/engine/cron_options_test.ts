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
} from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { byHand, EVERY_MINUTE, NOON, processOn, timeOf, world } from "./cron_fixture.ts";

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

Deno.test("scheduleCron() says how to have Deno.cron", async () => {
  const { clock, storage, job } = world(10);
  const runtime = await processOn(storage, clock);
  const cron = Object.getOwnPropertyDescriptor(Deno, "cron") ?? {};
  Object.defineProperty(Deno, "cron", { value: undefined, configurable: true });
  try {
    const schedule = () => scheduleCron("a", EVERY_MINUTE, job.definition, { runtime, input: timeOf });
    expect(schedule).toThrow(ConfigError);
    expect(schedule).toThrow("--unstable-cron");
  } finally {
    Object.defineProperty(Deno, "cron", cron);
  }
  await runtime.close();
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
