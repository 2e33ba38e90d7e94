import { expect } from "@std/expect";
import { ConfigError, PermissionError, UnavailableError } from "../../../../src/errors.ts";
import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import type { GcsServiceAccount } from "../../../../storage/object_store/gcs/service_account.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { FakeGcsApi } from "./fake_gcs_api.ts";
import { HastyClock } from "./hasty_clock.ts";
import { storeOnFake } from "./stores.ts";

const HOUR = 3_600_000;
const keys = await crypto.subtle.generateKey(
  { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  true,
  ["sign", "verify"],
);
const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toBase64();
const account: GcsServiceAccount & Record<string, string> = {
  type: "service_account",
  client_email: "tests@project.iam.gserviceaccount.com",
  private_key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`,
  token_uri: "https://tokens.example.org/token",
};

/** A server that gives tokens to who proves that it is the account, and the service that takes the latest of them. */
function google(answer: (count: number) => Response | undefined = () => undefined) {
  let count = 0;
  const assertions: string[] = [];
  const api = new FakeGcsApi({ admit: (authorization) => authorization === `Bearer token-${count}` ? 200 : 401 });
  const fetch = async (request: Request): Promise<Response> => {
    if (!request.url.startsWith("https://tokens.example.org/")) return await api.fetch(request);
    const form = await request.formData();
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    assertions.push(String(form.get("assertion")));
    count++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return answer(count) ?? Response.json({ access_token: `token-${count}`, expires_in: 3600, token_type: "Bearer" });
  };
  return { api, fetch, assertions };
}

function storeFor(
  fetch: (request: Request) => Promise<Response>,
  serviceAccount: GcsServiceAccount | string = account,
) {
  const clock = new HastyClock();
  const endpoint = "https://storage.googleapis.com";
  return { clock, store: new GcsObjectStore({ bucket: "tests", endpoint, serviceAccount, fetch, clock }) };
}

Deno.test("a service account proves who it is with a signed statement, for an hour", async () => {
  const { fetch, assertions } = google();
  const { store, clock } = storeFor(fetch);
  const now = Math.floor(clock.now() / 1000);
  await store.put("a", bytesOf(3));
  const [header = "", claims = "", signature = ""] = assertions[0]?.split(".") ?? [];
  const decode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const json = (text: string): unknown => JSON.parse(new TextDecoder().decode(decode(text)));
  expect(json(header)).toEqual({ alg: "RS256", typ: "JWT" });
  expect(json(claims)).toEqual({
    iss: account.client_email,
    scope: "https://www.googleapis.com/auth/devstorage.read_write",
    aud: "https://tokens.example.org/token",
    iat: now,
    exp: now + 3600,
  });
  const signed = new TextEncoder().encode(`${header}.${claims}`);
  expect(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", keys.publicKey, decode(signature), signed)).toBe(true);
});

Deno.test("one token serves many requests, and another is asked for once, shortly before it expires", async () => {
  const { fetch, assertions } = google();
  const { store, clock } = storeFor(fetch);
  const many = (): Promise<unknown> => Promise.all(Array.from({ length: 30 }, (_, i) => store.head(`a/${i}`)));
  await many();
  await many();
  expect(assertions.length).toBe(1);
  clock.pass(HOUR - 61_000);
  await many();
  expect(assertions.length).toBe(1);
  clock.pass(2000);
  await many();
  expect(assertions.length).toBe(2);
});

Deno.test("when the service refuses a token, many requests ask for another one once", async () => {
  let good = "";
  let asked = 0;
  const token = (): Promise<string> => Promise.resolve(good = `token-${++asked}`);
  const { store } = storeOnFake({ admit: (given) => given === `Bearer ${good}` ? 200 : 401 }, { token });
  await store.put("a", bytesOf(3));
  expect(asked).toBe(1);
  good = "";
  await Promise.all(Array.from({ length: 30 }, () => store.get("a")));
  expect(asked).toBe(2);
});

Deno.test("a token that is refused twice is an error, and one that can not change is refused once", async () => {
  let asked = 0;
  const renewing = storeOnFake({ admit: () => 401 }, { token: () => `secret-${++asked}` });
  const refused = renewing.store.head("a");
  await expect(refused).rejects.toThrow(PermissionError);
  await expect(refused).rejects.toThrow(
    'may not look at the object "a"; the service answered 401 authError: Invalid Credentials',
  );
  expect([asked, renewing.api.requests.length]).toEqual([2, 2]);
  const fixed = storeOnFake({ admit: () => 401 });
  await expect(fixed.store.get("a")).rejects.toThrow(PermissionError);
  expect(fixed.api.requests.length).toBe(1);
  const forbidden = storeOnFake({ admit: () => 403 });
  await expect(forbidden.store.put("a", bytesOf(1))).rejects.toThrow(PermissionError);
  await expect(forbidden.store.get("a")).rejects.toThrow(
    "403 forbidden: someone does not have storage.objects.get access",
  );
  expect(forbidden.api.sessions.open).toBe(0);
});

Deno.test("a source that gives no token, or fails, is an error of its own", async () => {
  for (const given of ["", "two words", 5, undefined, {}, { token: "" }, { token: "secret", expiresAt: "soon" }]) {
    // deno-lint-ignore no-explicit-any -- from JavaScript anything may come
    const { store } = storeOnFake({}, { token: (() => given) as any });
    await expect(store.head("a")).rejects.toThrow(ConfigError);
    await expect(store.head("a")).rejects.not.toThrow("secret");
  }
  let broken = true;
  const { store } = storeOnFake({}, {
    token: () => {
      if (broken) throw new Error("the vault is closed");
      return { token: "t", expiresAt: Number.MAX_VALUE };
    },
  });
  await expect(Promise.all([store.head("a"), store.head("b")])).rejects.toThrow("the vault is closed");
  broken = false;
  expect(await store.head("a")).toBe(undefined);
});

Deno.test("a service account is read from a file, and from the environment at Google", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const { store } = storeFor(google().fetch, path);
    for (const text of ["", "no JSON", "[]", '{"type":"authorized_user","refresh_token":"secret"}']) {
      await Deno.writeTextFile(path, text);
      await expect(store.head("a")).rejects.toThrow(ConfigError);
      await expect(store.head("a")).rejects.toThrow("is no key of a service account");
      await expect(store.head("a")).rejects.not.toThrow("secret");
    }
    await Deno.writeTextFile(path, JSON.stringify(account));
    expect(await store.head("a")).toBe(undefined);
    Deno.env.set("GOOGLE_APPLICATION_CREDENTIALS", path);
    Deno.env.delete("STORAGE_EMULATOR_HOST");
    const { fetch } = google();
    expect(await new GcsObjectStore({ bucket: "tests", fetch }).head("a")).toBe(undefined);
  } finally {
    Deno.env.delete("GOOGLE_APPLICATION_CREDENTIALS");
    await Deno.remove(path);
  }
  await expect(storeFor(google().fetch, path).store.head("a")).rejects.toThrow(
    `The file of the service account ${path}`,
  );
});

Deno.test("an account that is refused, and a server of tokens that fails, are clear errors", async () => {
  const denied = () =>
    Response.json({ error: "invalid_grant", error_description: "Invalid JWT Signature." }, { status: 400 });
  const { store } = storeFor(google(denied).fetch);
  await expect(store.head("a")).rejects.toThrow(PermissionError);
  await expect(store.head("a")).rejects.toThrow("invalid_grant (Invalid JWT Signature.)");
  const failing = google((count) => count < 3 ? new Response("", { status: 503 }) : undefined);
  expect(await storeFor(failing.fetch).store.head("a")).toBe(undefined);
  const lying = storeFor(google(() => Response.json({ token: "secret" })).fetch).store;
  await expect(lying.head("a")).rejects.toThrow(UnavailableError);
});

Deno.test("secrets are in no error, place, inspection or JSON", async () => {
  const broken = { ...account, private_key: account.private_key.replace("MII", "secret") };
  const failing = (): Promise<Response> => Promise.reject(new TypeError("it broke"));
  const token = "secret-token";
  const stores = [
    storeFor(failing).store,
    storeFor(google().fetch, broken).store,
    storeOnFake({ fault: () => "refuse" }).store,
    storeOnFake({ admit: () => 401 }, { token: () => token }).store,
    storeOnFake({ fault: () => ({ answer: new Response(`You sent ${token}`, { status: 500 }) }) }).store,
    storeOnFake({ fault: () => ({ answer: new Response(`You sent ${token}`, { status: 403 }) }) }).store,
    storeOnFake({ fault: () => ({ answer: new Response(`You sent ${token}`, { status: 200 }) }) }).store,
  ];
  for (const store of stores) {
    const error: unknown = await store.put("a", bytesOf(1_000_000)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Error);
    const shown = [
      Deno.inspect(error, { depth: 10 }),
      String(error),
      Deno.inspect(store, { depth: 10, showHidden: true }),
    ];
    const all = [...shown, JSON.stringify(store), store.place, store.uri("a")].join("\n");
    for (const secret of [token, pkcs8.slice(30, 60), "BEGIN PRIVATE", "upload_id=secret", "Bearer"]) {
      expect(all.includes(secret), `${secret} in ${all}`).toBe(
        secret === "BEGIN PRIVATE" && all.includes("that begins with"),
      );
    }
  }
});
