import { expect } from "@std/expect";
import { ConfigError, ConflictError, NotFoundError, UnavailableError } from "../../../../src/errors.ts";
import type { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import { bytesOf, collect, sameBytes } from "../../../../testing/object_store_fixture.ts";
import { PART, storeOnFake } from "./stores.ts";

const LARGE = bytesOf(5 * PART + 10);

const VERBS: Record<string, (store: GcsObjectStore) => Promise<unknown>> = {
  get: (store) => store.get("a"),
  open: (store) => store.open("a"),
  stream: (store) => store.stream("a"),
  put: (store) => store.put("a", bytesOf(3)),
  "put apart": (store) => store.put("a", bytesOf(3), { apart: true }),
  "put in parts": (store) => store.put("a", LARGE, { apart: true }),
  head: (store) => store.head("a"),
  copy: (store) => store.copy("a", "b"),
  delete: (store) => store.delete("a"),
  deletePrefix: (store) => store.deletePrefix("a"),
  list: (store) => Array.fromAsync(store.list("a")),
};

Deno.test("every verb says that the bucket is missing", async () => {
  for (const [verb, call] of Object.entries(VERBS)) {
    const { store } = storeOnFake({}, { bucket: "others" });
    await expect(call(store), verb).rejects.toThrow(ConfigError);
    await expect(call(store), verb).rejects.toThrow('no bucket "others" at https://storage.googleapis.com');
  }
});

Deno.test("a bucket is looked for where the answer does not tell what is missing, and once", async () => {
  const missing = (): Response => new Response("Not Found", { status: 404 });
  for (const verb of ["get", "open", "stream", "head", "copy", "delete"]) {
    for (const list of [404, 200, 403]) {
      const { store, api } = storeOnFake({
        fault: ({ url }) => {
          if (!url.pathname.endsWith("/o")) return { answer: missing() };
          return { answer: list === 200 ? Response.json({}) : new Response("{}", { status: list }) };
        },
      });
      const call = VERBS[verb];
      if (list === 404) await expect(call?.(store), verb).rejects.toThrow(ConfigError);
      else if (verb === "head" || verb === "delete") await call?.(store);
      else if (verb !== "copy" || list === 200) await expect(call?.(store), verb).rejects.toThrow(NotFoundError);
      const before = api.requests.length;
      if (list === 200) {
        await store.head("a");
        expect(api.requests.length - before).toBe(1);
      }
    }
  }
});

Deno.test("too many requests, however the service says so, are sent again later", async () => {
  const error = { errors: [{ reason: "rateLimitExceeded" }], message: "Slow down." };
  for (const answer of [new Response("", { status: 429 }), Response.json({ error }, { status: 403 })]) {
    for (const [verb, call] of Object.entries(VERBS)) {
      let on = false;
      const { store, clock, api } = storeOnFake({
        fault: (_, count) => on && count % 3 === 0 ? { answer } : undefined,
      });
      await store.put("a", bytesOf(3), { apart: true });
      on = true;
      await call(store);
      expect(clock.pauses.length > 0 || api.requests.length < 4, verb).toBe(true);
    }
  }
});

Deno.test("a service that is down is given up after as many attempts as are allowed", async () => {
  for (const [verb, call] of Object.entries(VERBS)) {
    const { store, api } = storeOnFake({ fault: () => ({ answer: new Response("down", { status: 503 }) }) }, {
      maxAttempts: 3,
    });
    await expect(call(store), verb).rejects.toThrow(UnavailableError);
    expect(api.requests.length, verb).toBeLessThanOrEqual(6);
  }
});

Deno.test("answers that are something else, or lie, are one clear error", async () => {
  const lies = [
    "",
    "<html>",
    "[]",
    "{}",
    '{"name":"fusewire/b","generation":"1","size":"3"}',
    '{"items":[{"name":"x"}]}',
    "null",
  ];
  for (const lie of lies) {
    const { store } = storeOnFake({ fault: () => ({ answer: new Response(lie) }) });
    for (const [verb, call] of Object.entries(VERBS)) {
      if (
        verb === "delete" || lie.startsWith("{") && !lie.includes("items") && ["list", "deletePrefix"].includes(verb)
      ) continue;
      await expect(call(store), `${verb} ${lie}`).rejects.toThrow(UnavailableError);
      await expect(call(store), `${verb} ${lie}`).rejects.toThrow(
        /attempts failed, the last with: (the answer|what was stored)/,
      );
    }
  }
  const redirected = storeOnFake({ fault: () => ({ answer: Response.redirect("https://example.org/") }) });
  await expect(redirected.store.head("a")).rejects.toThrow(ConfigError);
  await expect(redirected.store.head("a")).rejects.toThrow("answered 302");
  const endless = storeOnFake({ fault: () => ({ answer: Response.json({ nextPageToken: "x" }) }) });
  await expect(Array.fromAsync(endless.store.list())).rejects.toThrow("is no page of a list");
});

Deno.test("a body that ends too early, or is too long, is read again and never given", async () => {
  for (const size of [10, PART, 3 * PART + 5]) {
    let broken = 0;
    const bytes = bytesOf(size);
    const { store } = storeOnFake({
      fault: ({ method, url }, count) => {
        if (method !== "GET" || url.searchParams.get("alt") !== "media" || count % 2 === 0) return undefined;
        if (++broken % 3 === 0) return { cutAnswer: 5 };
        const headers = { "content-range": `bytes 0-${Math.min(size, PART) - 1}/${size}` };
        return { answer: new Response(bytesOf(broken % 3 === 1 ? 7 : PART + 1), { status: 206, headers }) };
      },
    });
    await store.put("a", bytes);
    sameBytes(await store.get("a"), bytes);
    sameBytes(await collect(await store.stream("a")), bytes);
    expect(broken).toBeGreaterThan(0);
  }
});

Deno.test("who reads on after an object was replaced hears of it, and a whole read starts over", async () => {
  for (const change of ["replace", "remove"] as const) {
    const { store, api } = storeOnFake();
    await store.put("a", LARGE);
    await using reader = await store.open("a");
    const stream = await store.stream("a");
    if (change === "replace") await store.put("a", LARGE.toReversed());
    else await store.delete("a");
    const into = new Uint8Array(LARGE.length);
    await expect(reader.read(into, 0)).rejects.toThrow(ConflictError);
    await expect(reader.read(into, 0)).rejects.toThrow('"a" was replaced or removed while it was read');
    await expect(collect(stream)).rejects.toThrow(ConflictError);
    expect(await reader.read(into.subarray(0, 100), 50)).toBe(100);
    expect(api.objects.names.length).toBe(change === "replace" ? 1 : 0);
  }
  let replaced = 0;
  const { store, api } = storeOnFake({
    fault: ({ url }) => {
      if (url.searchParams.has("generation") && replaced < 3) {
        api.objects.store("fusewire/a", bytesOf(LARGE.length, ++replaced), {});
      }
      return undefined;
    },
  });
  await store.put("a", LARGE);
  sameBytes(await store.get("a"), bytesOf(LARGE.length, 3));
});

Deno.test("a service that does not say which version it gives is believed as far as sizes go", async () => {
  const { store, api } = storeOnFake({}, {
    fetch: async (request) => {
      const answer = await api.fetch(request);
      answer.headers.delete("x-goog-generation");
      return answer;
    },
  });
  await store.put("a", LARGE);
  sameBytes(await store.get("a"), LARGE);
  await using reader = await store.open("a");
  await store.put("a", bytesOf(LARGE.length + 1));
  await expect(reader.read(new Uint8Array(PART), PART)).rejects.toThrow(ConflictError);
});

Deno.test("without the permission to reach the service, the store says which flag to give", async () => {
  const source = `
    import { GcsObjectStore } from ${
    JSON.stringify(import.meta.resolve("../../../../storage/object_store/gcs/gcs_object_store.ts"))
  };
    const store = new GcsObjectStore({ bucket: "tests", endpoint: "http://127.0.0.1:45678" });
    await store.head("a").catch((error) => console.log(error.name, error.message));`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, source);
    const config = new URL(import.meta.resolve("../../../../deno.json")).pathname;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--quiet", "--config", config, path],
      env: { NO_COLOR: "1" },
    }).output();
    expect(new TextDecoder().decode(stdout).trim()).toBe(
      'PermissionError The store in the bucket "tests", below "fusewire/", at http://127.0.0.1:45678 needs the permission to reach ' +
        "127.0.0.1:45678: run with --allow-net=127.0.0.1:45678.",
    );
  } finally {
    await Deno.remove(path);
  }
});
