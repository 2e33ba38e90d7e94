import { scheduleCron } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { byHand, EVERY_MINUTE, MINUTE, NOON, processOn, statuses, timeOf, world } from "./cron_fixture.ts";

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
