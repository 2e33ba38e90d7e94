import { expect } from "@std/expect";
import { KvRuntimeStorage } from "../../../../storage/runtime/kv/kv_runtime_storage.ts";
import { Bench, bytes } from "../../../../testing/conformance_fixture.ts";
import { MemoryKv } from "../../../../testing/memory_kv.ts";

/** A handle on a KV whose client sends the first commit that `isHit` again, after `between`, and gives what came of the second time. */
function resending(
  store: MemoryKv,
  isHit: (key: readonly unknown[]) => boolean,
  between: () => Promise<void>,
): MemoryKv {
  let isDone = false;
  return new Proxy(store, {
    get(target, name) {
      if (name !== "atomic") {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return () => {
        const atomic = target.atomic();
        const [set, commit] = [atomic.set.bind(atomic), atomic.commit.bind(atomic)];
        let isIt = false;
        atomic.set = (key, value) => {
          isIt ||= isHit(key);
          set(key, value);
          return atomic;
        };
        atomic.commit = async () => {
          if (!isIt || isDone) return await commit();
          isDone = true;
          await commit();
          await between();
          return await commit();
        };
        return atomic;
      };
    },
  });
}

Deno.test("send() does not bring back a signal that was dealt with before the client sent it again", async () => {
  using store = new MemoryKv();
  const holder = new KvRuntimeStorage(store);
  const bench = new Bench({ storage: holder });
  const { claim } = await bench.started("1", "s");
  const heard: string[] = [];
  const listen = async (): Promise<void> => {
    const received = await holder.receive(claim);
    for (const { message } of received) if (message.kind === "signal") heard.push(message.name);
    await holder.commit({ claim, steps: [], handled: received.map(({ id }) => id) });
  };
  const sender = new KvRuntimeStorage(resending(store, (key) => key[1] === "msg", listen));
  expect(await sender.send("1", { kind: "signal", name: "go", payload: bytes("!") })).toBe(true);
  await listen();
  expect(heard).toEqual(["go"]);
});

Deno.test("send() keeps every one of many signals at once", async () => {
  using store = new MemoryKv();
  const storage = new KvRuntimeStorage(store);
  const other = new KvRuntimeStorage(store);
  const { claim } = await new Bench({ storage }).started("1", "s");
  const names = Array.from({ length: 40 }, (_, i) => `signal ${i}`);
  await Promise.all(
    names.map((name, i) => (i % 2 ? storage : other).send("1", { kind: "signal", name, payload: bytes("!") })),
  );
  const heard = (await storage.receive(claim)).flatMap(({ message }) => message.kind === "signal" ? message.name : []);
  expect(heard.sort()).toEqual(names.sort());
});
