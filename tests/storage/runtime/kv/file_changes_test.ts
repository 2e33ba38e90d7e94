import { expect } from "@std/expect";
import { FileStamp } from "../../../../storage/runtime/kv/file_stamp.ts";
import { openKvRuntimeStorage } from "../../../../storage/runtime/kv/open.ts";

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/kv.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const session = (id: string) => ({ id, deadline: Date.now() + 60_000, host: "", process: 1 });

Deno.test("watchBell() of a KV file tells at first, at the next commit of another handle, and is over then", () =>
  withFile(async (path) => {
    const storage = await openKvRuntimeStorage(path);
    await storage.keepSession(session("listener"), true);
    const other = await openKvRuntimeStorage(path);
    const rings = storage.watchBell?.("listener", ["q"], new AbortController().signal)?.[Symbol.asyncIterator]();
    expect((await rings?.next())?.done).toBe(false);
    const ring = rings?.next();
    expect(await Promise.race([ring, new Promise((resolve) => setTimeout(resolve, 200, "quiet"))])).toBe("quiet");
    await other.keepSession(session("other"), true);
    expect((await ring)?.done).toBe(false);
    expect((await rings?.next())?.done).toBe(true);
    await other.close();
    await storage.close();
  }));

Deno.test("watchBell() of a KV file ends when nobody wants to hear any more", () =>
  withFile(async (path) => {
    const storage = await openKvRuntimeStorage(path);
    await storage.keepSession(session("listener"), true);
    const stop = new AbortController();
    const rings = storage.watchBell?.("listener", ["q"], stop.signal)?.[Symbol.asyncIterator]();
    await rings?.next();
    const ring = rings?.next();
    stop.abort();
    expect((await ring)?.done).toBe(true);
    expect((await storage.watchBell?.("listener", ["q"], stop.signal)?.[Symbol.asyncIterator]().next())?.done).toBe(
      true,
    );
    await storage.close();
  }));

Deno.test("FileStamp says that a KV file may have changed after each commit of any handle, and not when it is quiet", () =>
  withFile(async (path) => {
    using writer = await Deno.openKv(path);
    await writer.set(["a"], 0);
    const stamp = new FileStamp(path);
    expect(stamp.mayHaveChanged()).toBe(true);
    const isQuiet = async (): Promise<boolean> => {
      for (let tries = 0; tries < 50; tries++) {
        if (!stamp.mayHaveChanged()) return true;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return false;
    };
    for (let i = 1; i <= 20; i++) {
      expect(await isQuiet()).toBe(true);
      await writer.set(["a"], i);
      expect(stamp.mayHaveChanged()).toBe(true);
    }
  }));

Deno.test("FileStamp of a file that is not there, or may not be looked at, always says that it may have changed", () => {
  const stamp = new FileStamp("/no such folder/kv.sqlite");
  for (let i = 0; i < 3; i++) expect(stamp.mayHaveChanged()).toBe(true);
});
