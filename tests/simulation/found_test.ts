/**
 * Defects that the simulation has found, each as small as it can be shown.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  type Claim,
  defineWorkflow,
  LeaseLostError,
  MemoryRuntimeStorage,
  openRuntime,
  type ReceivedMessage,
  type SessionRecord,
  type Slot,
  task,
  waitForSignal,
} from "@fusewire/fusewire";
import { until } from "../engine/storages.ts";

const one = task(() => 1, { name: "one" });
const two = task((x: number) => x + 1, { name: "two" });
const single = defineWorkflow("single", { version: "1" }, () => one());

/** Ends sessions as another process does that takes them for dead. */
class EndingStorage extends MemoryRuntimeStorage {
  readonly #sessions = new Set<string>();

  override keepSession(session: SessionRecord, isNew: boolean): Promise<boolean> {
    this.#sessions.add(session.id);
    return super.keepSession(session, isNew);
  }

  async endAll(): Promise<void> {
    expect(this.#sessions.size).toBeGreaterThan(0);
    for (const id of this.#sessions) await this.endSession(id);
    this.#sessions.clear();
  }
}

Deno.test("Worker.run() hears that it is to stop while it begins", async () => {
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const controller = new AbortController();
  const running = runtime.worker([single]).run({ signal: controller.signal, handleSignals: false });
  controller.abort();
  await running;
});

Deno.test("runtime.run() and run.cancel() go on with a new session when others have ended theirs", async () => {
  const storage = new EndingStorage();
  await using runtime = await openRuntime({ runtimeStorage: storage });
  expect(await runtime.run(single)).toBe(1);
  await storage.endAll();
  expect(await runtime.run(single)).toBe(1);
  const run = await runtime.start(single);
  await storage.endAll();
  await run.cancel();
  expect((await run.status()).status).toBe("CANCELLED");
});

Deno.test("a run goes on elsewhere when its worker is told to stop while a step is at work", async () => {
  const storage = new MemoryRuntimeStorage();
  await using runtime = await openRuntime({ runtimeStorage: storage });
  const controller = new AbortController();
  const stopping = task(() => {
    controller.abort();
    return 1;
  }, { name: "stopping" });
  const definition = defineWorkflow("stopping", { version: "1" }, () => two(two(stopping())));
  const run = await runtime.start(definition);
  await runtime.worker([definition]).run({ signal: controller.signal, handleSignals: false });
  expect((await run.status()).steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "PENDING", "PENDING"]);
  await runtime.worker([definition]).tick({ budgetMs: 5_000 });
  expect(await run.result()).toBe(3);
});

Deno.test("a step does not fail because the session of its worker is over when it wants a slot", async () => {
  /** Has marked the session as over, and not yet given back what it holds. */
  class HalfEndedStorage extends MemoryRuntimeStorage {
    #hasFailed = false;

    override async takeSlot(slot: Slot, now: number): Promise<boolean> {
      if (this.#hasFailed) return await super.takeSlot(slot, now);
      this.#hasFailed = true;
      throw new LeaseLostError("The session is over.");
    }
  }
  await using runtime = await openRuntime({ runtimeStorage: new HalfEndedStorage() });
  const slotted = task(() => 1, { name: "slotted", concurrency: { key: "k", limit: 1 } });
  const definition = defineWorkflow("slotted", { version: "1" }, () => slotted());
  const run = await runtime.start(definition);
  await runtime.worker([definition]).tick({ budgetMs: 5_000 });
  expect((await run.status()).status).toBe("RUNNING");
  await runtime.worker([definition]).tick({ budgetMs: 5_000 });
  expect(await run.result()).toBe(1);
});

Deno.test("an attempt that is repeated at once does not lose its slot with the one before it", async () => {
  /** Takes its time to free a slot. */
  class SlowStorage extends MemoryRuntimeStorage {
    readonly held = new Set<string>();

    override async takeSlot(slot: Slot, now: number): Promise<boolean> {
      const taken = await super.takeSlot(slot, now);
      if (taken) this.held.add(slot.holder);
      return taken;
    }

    override async freeSlot(slot: Slot): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.held.delete(slot.holder);
      await super.freeSlot(slot);
    }
  }
  const storage = new SlowStorage();
  await using runtime = await openRuntime({ runtimeStorage: storage });
  const held: number[] = [];
  const slotted = task(async () => {
    await new Promise((resolve) => setTimeout(resolve, 40));
    held.push(storage.held.size);
    if (held.length < 3) throw new Error("again");
  }, {
    name: "slotted",
    concurrency: { key: "k", limit: 1 },
    retry: { maxAttempts: 3, initialDelay: 0, jitter: 0 },
  });
  await runtime.run(defineWorkflow("slotted", { version: "1" }, () => slotted()));
  expect(held).toEqual([1, 1, 1]);
});

Deno.test("a closed runtime opens no session for a run that is cancelled", async () => {
  const storage = new EndingStorage();
  await using other = await openRuntime({ runtimeStorage: storage });
  const runtime = await openRuntime({ runtimeStorage: storage });
  const { id } = await runtime.start(single);
  await runtime.close();
  await expect(runtime.get(id).cancel()).rejects.toThrow("The runtime is closed");
  await expect(storage.endAll()).rejects.toThrow();
  await other.get(id).cancel();
});

Deno.test("a signal is not taken twice when its message is read again while the commit goes on that handles it", async () => {
  let sendAnother: (() => Promise<void>) | undefined;
  /** Answers late, with what there was; and when there is something, there is more at once. */
  class LateStorage extends MemoryRuntimeStorage {
    override async receive(claim: Claim): Promise<readonly ReceivedMessage[]> {
      const messages = await super.receive(claim);
      const send = messages.length > 0 ? sendAnother : undefined;
      if (send === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      else {
        sendAnother = undefined;
        await send();
      }
      return messages;
    }
  }
  const both = task((one: unknown, other: unknown) => [one, other], { name: "both" });
  const definition = defineWorkflow("both", { version: "1" }, () => both(waitForSignal("go"), waitForSignal("go")));
  await using runtime = await openRuntime({ runtimeStorage: new LateStorage() });
  const result = runtime.run(definition, undefined, { id: "r" });
  const run = runtime.get("r");
  await until(async () => (await run.status().catch(() => undefined))?.steps[1]?.status === "RUNNING");
  sendAnother = () => run.signal("go", 2);
  await run.signal("go", 1);
  expect(await result).toEqual([1, 2]);
});
