import { ConfigError, openRuntime } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { openKvRuntimeStorage } from "../../../storage/runtime/kv/open.ts";
import { startDenokv, withoutDenokv } from "../servers/denokv.ts";

const ignore = withoutDenokv;
const TOKEN = "DENO_KV_ACCESS_TOKEN";

/** The one error of opening this, with the variable of the token set to `token`, or not set. */
async function refusal(kv: string | URL, token: string | undefined): Promise<string> {
  const before = Deno.env.get(TOKEN);
  const set = (value: string | undefined): void =>
    value === undefined ? Deno.env.delete(TOKEN) : Deno.env.set(TOKEN, value);
  set(token);
  try {
    await using _runtime = await openRuntime({ kv });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : "";
  } finally {
    set(before);
  }
  throw new Error(`${kv} was opened with the token ${token}.`);
}

Deno.test({
  name: "openRuntime() says what is wrong with a token",
  ignore,
  async fn() {
    await using server = await startDenokv();
    expect(await refusal(server.url, undefined)).toBe(
      `The KV "${server.url}" can not be opened: set the environment variable DENO_KV_ACCESS_TOKEN to the access token of the server.`,
    );
    for (const token of [`${server.token}-not`, ""]) {
      expect(await refusal(server.url, token)).toMatch(
        /can not be opened: the server refuses the access token in DENO_KV_ACCESS_TOKEN .*401/,
      );
    }
    await using _runtime = await openRuntime({ kv: new URL(await urlOf(server)) });
  },
});

Deno.test({
  name: "openRuntime() says when a URL is not that of a KV server",
  ignore,
  async fn() {
    await using server = await startDenokv();
    expect(await refusal(`${server.url}/elsewhere`, server.token)).toMatch(/is this the URL of a KV server\? .*404/);
    await using web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("Hello"));
    expect(await refusal(`http://127.0.0.1:${web.addr.port}`, "any")).toMatch(
      /is this the URL of a KV server\? .*not a valid KV Connect endpoint/,
    );
  },
});

Deno.test("openRuntime() says when nothing listens there", async () => {
  expect(await refusal("http://127.0.0.1:1", "any")).toMatch(
    /can not be reached: is the server running, and is this its address\? .*failed to connect/,
  );
});

Deno.test("openRuntime() takes no address for the name of a file", async () => {
  const why = "the URL of a KV server begins with http:// or https://";
  expect(await refusal("127.0.0.1:4512", "any")).toBe(
    `The KV "127.0.0.1:4512" can not be opened: ${why}. For a file of this name, write "./127.0.0.1:4512".`,
  );
  for (const kv of ["kv://127.0.0.1:4512", new URL("kv://127.0.0.1:4512")]) {
    expect(await refusal(kv, "any")).toBe(`The KV "kv://127.0.0.1:4512" can not be opened: ${why}, not with kv://.`);
  }
});

Deno.test("opening gives up on a server that never answers, and leaves nothing behind", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of silent) connections.push(connection);
  })();
  const url = `http://127.0.0.1:${silent.addr.port}`;
  // The same as openRuntime(), but that waits for 10 s.
  const opening = openKvRuntimeStorage(url, { patience: 300 });
  await expect(opening).rejects.toThrow(
    `The KV "${url}" can not be reached: something accepts connections there and does not answer; is the server stuck, or is this ` +
      "the address of something else? (no answer within 0.3 s)",
  );
  await expect(opening).rejects.toBeInstanceOf(ConfigError);
  silent.close();
  await accepting;
  for (const connection of connections) connection.close();
});

/** The URL, once this process has the token. */
async function urlOf(server: { readonly url: string; readonly open: () => Promise<Deno.Kv> }): Promise<string> {
  (await server.open()).close();
  return server.url;
}
