import { expect } from "@std/expect";
import { startDenokv, withoutDenokv } from "./denokv.ts";

const module = import.meta.resolve("./denokv.ts");

const ignore = withoutDenokv;

Deno.test({
  name: "denokv keeps what is set, over a restart and a kill",
  ignore,
  async fn() {
    await using server = await startDenokv();
    {
      using kv = await server.open();
      await kv.set(["city"], { name: "Oslo" });
      expect((await kv.get(["city"])).value).toEqual({ name: "Oslo" });
    }
    const { url } = server;
    await server.restart();
    expect(server.url).toBe(url);
    {
      using kv = await server.open();
      expect((await kv.get(["city"])).value).toEqual({ name: "Oslo" });
      await kv.set(["city"], { name: "Bergen" });
    }
    await server.kill();
    await server.restart();
    using kv = await server.open();
    expect((await kv.get(["city"])).value).toEqual({ name: "Bergen" });
  },
});

Deno.test({
  name: "denokv takes ten checks in an atomic, and refuses eleven without harm to the connection",
  ignore,
  async fn() {
    await using server = await startDenokv({ flags: ["--atomic-write-batch-timeout-ms", "1", "--num-workers", "2"] });
    using kv = await server.open();
    const atomicOf = (checks: number) => {
      const atomic = kv.atomic();
      for (let i = 0; i < checks; i++) atomic.check({ key: ["absent", i], versionstamp: null });
      return atomic.set(["checks"], checks);
    };
    expect((await atomicOf(10).commit()).ok).toBe(true);
    await expect(atomicOf(11).commit()).rejects.toThrow("Too many checks");
    expect((await kv.get(["checks"])).value).toBe(10);
  },
});

Deno.test({
  name: "denokv refuses another token",
  ignore,
  async fn() {
    await using server = await startDenokv();
    Deno.env.set("DENO_KV_ACCESS_TOKEN", `${server.token}-not`);
    try {
      await expect(Deno.openKv(server.url)).rejects.toThrow("401 Unauthorized: Invalid access token");
    } finally {
      Deno.env.set("DENO_KV_ACCESS_TOKEN", server.token);
    }
  },
});

Deno.test({
  name: "two denokv servers at once have their own ports and data",
  ignore,
  async fn() {
    await using one = await startDenokv();
    await using two = await startDenokv();
    expect(one.url).not.toBe(two.url);
    using kv = await one.open();
    using other = await two.open();
    await kv.set(["city"], "Oslo");
    expect((await other.get(["city"])).value).toBeNull();
  },
});

Deno.test({
  name: "a denokv that can not start says what it printed",
  ignore,
  async fn() {
    await expect(startDenokv({ flags: ["--no-such-flag"] })).rejects.toThrow("unexpected argument '--no-such-flag'");
  },
});

Deno.test({
  name: "a denokv ends with the process that started it, also when that one is killed",
  ignore: ignore || Deno.build.os === "windows",
  async fn() {
    const program = `
      import { startDenokv } from ${JSON.stringify(module)};
      console.log((await startDenokv()).url);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    `;
    const starter = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const [line] = await Array.fromAsync(firstOf(starter.stdout.pipeThrough(new TextDecoderStream())));
    const { port } = new URL(line ?? "");
    (await Deno.connect({ hostname: "127.0.0.1", port: Number(port) })).close();
    starter.kill("SIGKILL");
    await starter.status;
    await expect(untilRefused(Number(port))).resolves.toBe("refused");
  },
});

async function* firstOf<T>(stream: ReadableStream<T>): AsyncIterable<T> {
  for await (const chunk of stream) return yield chunk;
}

async function untilRefused(port: number): Promise<string> {
  const end = performance.now() + 5_000;
  while (performance.now() < end) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return "refused";
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return "still listens";
}
