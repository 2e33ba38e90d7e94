import { expect } from "@std/expect";
import { startToxiproxy, type Toxic, withoutToxiproxy } from "./toxiproxy.ts";

const ignore = withoutToxiproxy;

/** A server of this process, that counts what it has answered. */
function upstream() {
  const counts = { answered: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const bytes = await request.bytes().catch(() => undefined); // a request can be cut
    if (bytes?.length !== 10_000) return new Response(null, { status: 400 });
    counts.answered++;
    return new Response(new Uint8Array(10_000).fill(97));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    counts,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Asks once, over a connection of its own. */
async function ask(url: string): Promise<number> {
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return (await (await fetch(url, { client, method: "POST", body: new Uint8Array(10_000) })).arrayBuffer()).byteLength;
}

Deno.test({
  name: "toxiproxy loses an answer that the server has given, until the toxic is removed",
  ignore,
  async fn() {
    await using server = upstream();
    await using toxiproxy = await startToxiproxy();
    const proxy = await toxiproxy.proxy(server.url);
    expect(await ask(proxy.url)).toBe(10_000);
    const toxic = await proxy.addToxic({ type: "limit_data", bytes: 0 });
    await expect(ask(proxy.url)).rejects.toThrow(TypeError);
    expect(server.counts.answered).toBe(2);
    await proxy.removeToxic(toxic);
    expect(await ask(proxy.url)).toBe(10_000);
  },
});

Deno.test({
  name: "toxiproxy cuts requests and answers, ends and resets connections",
  ignore,
  async fn() {
    await using server = upstream();
    await using toxiproxy = await startToxiproxy();
    const proxy = await toxiproxy.proxy(server.url);
    const cuts: [Toxic, "upstream" | "downstream"][] = [
      [{ type: "limit_data", bytes: 5_000 }, "upstream"],
      [{ type: "timeout", timeout: 50 }, "upstream"],
      [{ type: "reset_peer", timeout: 0 }, "upstream"],
      [{ type: "limit_data", bytes: 5_000 }, "downstream"],
      [{ type: "timeout", timeout: 50 }, "downstream"],
      [{ type: "reset_peer", timeout: 0 }, "downstream"],
    ];
    for (const [toxic, stream] of cuts) {
      const name = await proxy.addToxic(toxic, { stream });
      await expect(ask(proxy.url)).rejects.toThrow(TypeError);
      await proxy.removeToxic(name);
    }
    expect(await ask(proxy.url)).toBe(10_000);
    expect(server.counts.answered).toBe(4);
  },
});

Deno.test({
  name: "toxiproxy slows answers down",
  ignore,
  async fn() {
    await using server = upstream();
    await using toxiproxy = await startToxiproxy();
    const slow: Toxic[] = [
      { type: "latency", latency: 200 },
      { type: "bandwidth", rate: 50 },
      { type: "slicer", averageSize: 1_000, sizeVariation: 100, delay: 20_000 },
    ];
    for (const toxic of slow) {
      const proxy = await toxiproxy.proxy(server.url);
      await proxy.addToxic(toxic);
      const begin = performance.now();
      expect(await ask(proxy.url)).toBe(10_000);
      expect(performance.now() - begin).toBeGreaterThan(140);
    }
  },
});

Deno.test({
  name: "a proxy takes no connections while it is disabled, and listens on the same port afterwards",
  ignore,
  async fn() {
    await using server = upstream();
    await using toxiproxy = await startToxiproxy();
    const [proxy, other] = [await toxiproxy.proxy(server.url), await toxiproxy.proxy(server.url)];
    await proxy.disable();
    await expect(ask(proxy.url)).rejects.toThrow(TypeError);
    expect(await ask(other.url)).toBe(10_000);
    await proxy.enable();
    expect(await ask(proxy.url)).toBe(10_000);
    await expect(proxy.removeToxic("none")).rejects.toThrow("toxiproxy answered 404 to DELETE");
  },
});
