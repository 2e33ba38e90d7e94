import { expect } from "@std/expect";
import { openKvRuntimeStorage } from "../../../../storage/runtime/kv/open.ts";

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/kv.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const times = { lease: 600, interval: 100 };

Deno.test("openHeartbeat() keeps a session alive while the thread of its worker is blocked", () =>
  withFile(async (path) => {
    const storage = await openKvRuntimeStorage(path);
    const session = { id: "s", deadline: Date.now() + times.lease, host: "", process: Deno.pid };
    await storage.keepSession(session, true);
    {
      await using heartbeat = await storage.openHeartbeat?.(session, times);
      expect(heartbeat).toBeDefined();
      block(1_500);
      expect(await storage.reap(Date.now())).toBe(0);
      expect(await storage.keepSession({ ...session, deadline: Date.now() + times.lease }, false)).toBe(true);
    }
    await new Promise((resolve) => setTimeout(resolve, 2 * times.lease));
    expect(await storage.reap(Date.now())).toBe(1);
    await storage.close();
  }));

Deno.test("openHeartbeat() lets go of a session whose worker is blocked for longer than it may be", () =>
  withFile(async (path) => {
    const storage = await openKvRuntimeStorage(path);
    const session = { id: "s", deadline: Date.now() + times.lease, host: "", process: Deno.pid };
    await storage.keepSession(session, true);
    await using heartbeat = await storage.openHeartbeat?.(session, times);
    heartbeat?.keepUntil(Date.now() + 300);
    block(1_500);
    expect(await storage.reap(Date.now())).toBe(1);
    heartbeat?.keepUntil(Infinity);
    await new Promise((resolve) => setTimeout(resolve, 3 * times.interval));
    expect(await storage.keepSession({ ...session, deadline: Date.now() + times.lease }, false)).toBe(false);
    await storage.close();
  }));

Deno.test("openHeartbeat() goes on when its worker says so in time", () =>
  withFile(async (path) => {
    const storage = await openKvRuntimeStorage(path);
    const session = { id: "s", deadline: Date.now() + times.lease, host: "", process: Deno.pid };
    await storage.keepSession(session, true);
    await using heartbeat = await storage.openHeartbeat?.(session, times);
    heartbeat?.keepUntil(Date.now());
    block(200);
    heartbeat?.keepUntil(Infinity);
    block(1_200);
    expect(await storage.reap(Date.now())).toBe(0);
    await storage.close();
  }));

Deno.test("openHeartbeat() is there only where the KV can be opened again", async () => {
  const memory = await openKvRuntimeStorage(":memory:");
  expect(memory.openHeartbeat).toBeUndefined();
  expect(memory.shared).toBe(false);
  await memory.close();
  using kv = await Deno.openKv(":memory:");
  const given = await openKvRuntimeStorage(kv);
  expect(given.openHeartbeat).toBeUndefined();
  await given.close();
  expect((await kv.get(["still open"])).value).toBe(null);
});

Deno.test("openHeartbeat() does not keep the process alive", () =>
  withFile(async (path) => {
    const module = import.meta.resolve("../../../../storage/runtime/kv/open.ts");
    const code = `
      const { openKvRuntimeStorage } = await import(${JSON.stringify(module)});
      const storage = await openKvRuntimeStorage(${JSON.stringify(path)});
      const session = { id: "s", deadline: Date.now() + 9e9, host: "", process: 1 };
      await storage.keepSession(session, true);
      await storage.openHeartbeat(session, { lease: 1000, interval: 50 });
      await storage.close();
      console.log("end of the program");
    `;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-config", "--unstable-kv", code],
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(20_000),
    });
    const { success, stdout, stderr } = await command.output();
    expect([new TextDecoder().decode(stdout).trim(), success, new TextDecoder().decode(stderr)]).toEqual([
      "end of the program",
      true,
      "",
    ]);
  }));
