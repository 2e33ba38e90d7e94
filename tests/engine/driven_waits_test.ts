import { expect } from "@std/expect";
import {
  defineWorkflow,
  MemoryRuntimeStorage,
  openRuntime,
  sleep,
  subWorkflow,
  waitForSignal,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";

/** How late, in milliseconds, a run may be that is driven here. */
const LATE = 20;

const child = defineWorkflow("child", { version: "1" }, () => waitForSignal("go"));
const sleeps = defineWorkflow("sleeps", { version: "1" }, () => sleep(60_300));
const waits = defineWorkflow("waits", { version: "1" }, () => waitForSignal("go"));
const parent = defineWorkflow("parent", { version: "1" }, () => subWorkflow(child));

Deno.test("runtime.run() goes on when a sleep ends, also after it has been given up for long", async () => {
  const clock = new VirtualClock({ start: 1_000 });
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), clock });
  let endedAt: number | undefined;
  void runtime.run(sleeps).then(() => endedAt = clock.now());
  await clock.advance(62_000);
  expect(endedAt).toBeGreaterThanOrEqual(61_300);
  expect(endedAt).toBeLessThan(61_300 + LATE);
});

for (
  const [what, definition] of Object.entries({ "it waits for": waits, "a run waits for that it waits for": parent })
) {
  Deno.test(`runtime.run() goes on at once with a signal that ${what}, also after it has been given up for long`, async () => {
    const clock = new VirtualClock({ start: 1_000 });
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), clock });
    let endedAt: number | undefined;
    void runtime.run(definition, undefined, { id: "r" }).then(() => endedAt = clock.now());
    await clock.advance(60_300);
    const sentAt = clock.now();
    await runtime.get("r").signal("go", 1);
    await clock.advance(1_000);
    expect(endedAt).toBeLessThan(sentAt + LATE);
  });
}
