import { expect } from "@std/expect";
import { FaultyKv, MemoryKv, VirtualClock } from "@fusewire/fusewire/testing";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";

const definition = { workflow: "w", version: "1", schema: "s" };

Deno.test("a cancellation in doubt is sent again when others have sent something meanwhile", async () => {
  const store = new MemoryKv();
  const clock = new VirtualClock();
  let loses = false;
  const kv = new FaultyKv(store, {
    plan: ({ kind }) => {
      if (!loses || kind !== "commit") return undefined;
      loses = false;
      return { kind: "lostReply" };
    },
    latency: () => ({ request: 0, reply: 10 }),
    clock,
  });
  const [first, second] = [new KvRuntimeStorage(kv, { clock }), new KvRuntimeStorage(store, { clock })];
  const createdAt = clock.now();
  await second.define({ ...definition, steps: ["a"], parents: [[]], targets: [], single: false });
  await second.keepSession({ id: "s", deadline: Infinity, host: "", process: 1 }, true);
  const input = { kind: "bytes" as const, bytes: new Uint8Array() };
  const waiting = { queue: "default", priority: 0, tags: [], createdAt, dueAt: createdAt };
  const { claimed } = await second.startRun({ ...definition, id: "run", size: 1, input, ...waiting }, "s");
  const claim = claimed!.claim;
  loses = true;
  const sent = first.send("run", { kind: "cancel" });
  sent.catch(() => {});
  while (loses) await clock.advance(1);
  const handled = (await second.receive(claim)).map(({ id }) => id);
  expect(handled.length).toBe(1);
  await second.commit({ claim, steps: [], handled });
  expect(await second.send("run", { kind: "lost", offer: "1" })).toBe(true);
  await clock.advance(1_000);
  expect(await sent).toBe(true);
  expect((await second.receive(claim)).map(({ message }) => message.kind)).toEqual(["lost", "cancel"]);
});
