import { expect } from "@std/expect";
import { ConfigError, PermissionError } from "../../../../src/errors.ts";
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { keyOf } from "../../../../storage/object_store/uri.ts";
import { S3Storage } from "../../../../storage/s3_storage.ts";
import { CREDENTIALS, plain, refusal, scripted, SECRETS } from "./scripted.ts";

/** The URL of the first request of a store. */
async function urlOf(options: Partial<S3ObjectStoreOptions>): Promise<string> {
  let url = "";
  const fetch = (request: Request): Promise<Response> => {
    url = request.url;
    return Promise.resolve(new Response(null, { status: 204 }));
  };
  await new S3ObjectStore({ bucket: "bucket", credentials: CREDENTIALS, fetch, ...options }).delete("a b/+!'()*é");
  return url;
}

const NAME = "a%20b/%2B%21%27%28%29%2A%C3%A9";

/** Sets variables of the environment, all others of AWS not, until it is disposed of. */
function environment(variables: Readonly<Record<string, string>>): Disposable {
  const names = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
  ];
  const before = names.map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  for (const name of names) set(name, variables[name]);
  return { [Symbol.dispose]: () => before.forEach(([name, value]) => set(name, value)) };
}

Deno.test("URLs name the bucket in the host on AWS, and in the path elsewhere and for names with a dot", async () => {
  using _none = environment({});
  expect(await urlOf({})).toBe(`https://bucket.s3.us-east-1.amazonaws.com/fusewire/${NAME}`);
  expect(await urlOf({ region: "cn-north-1" })).toBe(`https://bucket.s3.cn-north-1.amazonaws.com.cn/fusewire/${NAME}`);
  expect(await urlOf({ bucket: "a.b.c" })).toBe(`https://s3.us-east-1.amazonaws.com/a.b.c/fusewire/${NAME}`);
  expect(await urlOf({ pathStyle: true })).toBe(`https://s3.us-east-1.amazonaws.com/bucket/fusewire/${NAME}`);
  const endpoint = "http://127.0.0.1:9000";
  expect(await urlOf({ endpoint })).toBe(`http://127.0.0.1:9000/bucket/fusewire/${NAME}`);
  expect(await urlOf({ endpoint: `${endpoint}/s3/` })).toBe(`http://127.0.0.1:9000/s3/bucket/fusewire/${NAME}`);
  expect(await urlOf({ endpoint: "https://s3.example", pathStyle: false })).toBe(
    `https://bucket.s3.example/fusewire/${NAME}`,
  );
});

Deno.test("no prefix makes an empty segment", async () => {
  using _none = environment({});
  for (
    const [prefix, start] of [["", ""], ["p", "p/"], ["p/", "p/"], ["p/q/", "p/q/"]] as const
  ) {
    expect(await urlOf({ prefix })).toBe(`https://bucket.s3.us-east-1.amazonaws.com/${start}${NAME}`);
    const store = new S3ObjectStore({ bucket: "bucket", prefix });
    expect(store.uri("a/b c")).toBe(`s3://bucket/${start}a/b c`);
    expect(store.nameOf("a/b c")).toBe(`${start}a/b c`);
    expect(keyOf(store, store.uri("a/b c"))).toBe("a/b c");
  }
});

Deno.test("options come before the environment, and its own variables before the common ones", async () => {
  {
    using _all = environment({
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-2",
    });
    expect(await urlOf({})).toContain("//bucket.s3.eu-west-1.amazonaws.com/");
    expect(await urlOf({ region: "eu-north-1" })).toContain("//bucket.s3.eu-north-1.amazonaws.com/");
  }
  {
    using _all = environment({
      AWS_DEFAULT_REGION: "eu-west-2",
      AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL: "http://127.0.0.1:2",
    });
    expect(await urlOf({})).toBe(`http://127.0.0.1:1/bucket/fusewire/${NAME}`);
    expect(await urlOf({ endpoint: "http://127.0.0.1:3" })).toBe(`http://127.0.0.1:3/bucket/fusewire/${NAME}`);
  }
  using _one = environment({ AWS_ENDPOINT_URL: "http://127.0.0.1:2" });
  expect(await urlOf({})).toBe(`http://127.0.0.1:2/bucket/fusewire/${NAME}`);
});

Deno.test("what can be no bucket, prefix, endpoint, region or number is a ConfigError that says so", async () => {
  const refused = (options: Record<string, unknown>, text: string) => {
    const make = () => new S3ObjectStore({ bucket: "bucket", ...options });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(text);
  };
  for (const bucket of ["", undefined, 7]) refused({ bucket }, "needs `bucket`");
  for (const bucket of ["a..b", "1.2.3.4", "-ab", "ab-", "b/c", "b?c", "b c", "x".repeat(256)]) {
    refused({ bucket }, `The bucket name ${JSON.stringify(bucket)} is refused`);
  }
  for (const bucket of ["b", "ab", "Bucket", "a_b", "a.b", "x".repeat(64)]) {
    expect(new S3ObjectStore({ bucket }).uri("k")).toBe(`s3://${bucket}/fusewire/k`);
    expect(await urlOf({ bucket, region: "eu-west-1" })).toContain(`//s3.eu-west-1.amazonaws.com/${bucket}/fusewire/`);
  }
  for (const prefix of ["/", "/p", "p//", "..", "p/../q", "x".repeat(300), "a\nb"]) refused({ prefix }, "prefix");
  refused({ prefix: 7 }, "prefix");
  for (const endpoint of ["127.0.0.1:9000", "ftp://x", ""]) refused({ endpoint }, "begins with http://");
  refused({ endpoint: "http://127.0.0.1/?a=b" }, "a query");
  refused({ partBytes: 5 * 1024 ** 2 - 1 }, "`partBytes`");
  refused({ concurrency: 0 }, "`concurrency`");
  refused({ pageSize: 1001 }, "`pageSize`");
  refused({ maxAttempts: 1.5 }, "`maxAttempts`");
  await expect(urlOf({ endpoint: "http://127.0.0.1:9", pathStyle: false })).rejects.toThrow("leave out `pathStyle`");
  for (const region of ["eu west", "", "x.y"]) {
    await expect(urlOf({ region })).rejects.toThrow("region");
  }
});

Deno.test("no secret is in a store, its place, its URIs or the refusal of an endpoint", () => {
  const options = { bucket: "bucket", endpoint: "http://127.0.0.1:59999", credentials: CREDENTIALS };
  const storage = new S3Storage(options);
  const store = new S3ObjectStore(options);
  const shown = [
    Deno.inspect(store, { depth: 20, showHidden: true, getters: true }),
    Deno.inspect(storage, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(store),
    JSON.stringify(storage),
    store.place,
    store.uri("a"),
    Deno.inspect(store.client, { depth: 20, showHidden: true }),
    Deno.inspect(storage.protocols("w"), { depth: 20, showHidden: true }),
  ];
  try {
    new S3ObjectStore({ ...options, endpoint: "http://the-key-id:the-secret@127.0.0.1/" });
  } catch (error) {
    shown.push(Deno.inspect(error));
  }
  expect(shown.length).toBe(9);
  for (const secret of SECRETS) for (const text of shown) expect(text).not.toContain(secret);
});

Deno.test("credentials come from the environment when they are first needed", async () => {
  const { store, run } = scripted([plain(200), refusal(403, "AccessDenied")], { credentials: undefined });
  {
    using _none = environment({ AWS_ACCESS_KEY_ID: "the-key-id" });
    const putting = run(store.put("a", new Uint8Array(1), { apart: true }));
    await expect(putting).rejects.toThrow(ConfigError);
    await expect(run(store.get("a"))).rejects.toThrow("AWS_SECRET_ACCESS_KEY");
  }
  using _both = environment({ AWS_ACCESS_KEY_ID: "the-key-id", AWS_SECRET_ACCESS_KEY: "the-secret" });
  await run(store.put("a", new Uint8Array(1), { apart: true }));
});

Deno.test({
  name: "without the permission to read the environment, the error names what to set",
  permissions: { env: false, read: true },
  async fn() {
    const { store, run } = scripted([plain(200)], { credentials: undefined });
    const getting = run(store.get("a"));
    await expect(getting).rejects.toThrow(ConfigError);
    await expect(getting).rejects.toThrow("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    await expect(getting).rejects.toThrow("--allow-env");
  },
});

Deno.test({
  name: "without the permission for the network, the error names the flag",
  permissions: { net: false, read: true },
  async fn() {
    const store = new S3ObjectStore({
      bucket: "bucket",
      endpoint: "http://127.0.0.1:59999",
      region: "us-east-1",
      credentials: CREDENTIALS,
    });
    for (const call of [() => store.get("a"), () => store.head("a"), () => store.client.fetch("a")]) {
      const calling = call();
      await expect(calling).rejects.toThrow(PermissionError);
      await expect(calling).rejects.toThrow("--allow-net");
    }
  },
});

Deno.test("credentials that are none, and a function that fails, say so", async () => {
  for (
    const credentials of [{ accessKeyId: "", secretAccessKey: "x" }, {
      accessKeyId: "the-key-id\n",
      secretAccessKey: "x",
    }]
  ) {
    const { store, run, asked } = scripted([plain(200)], { credentials });
    const getting = run(store.get("a"));
    await expect(getting).rejects.toThrow(ConfigError);
    await expect(getting).rejects.toThrow("`accessKeyId`");
    await expect(getting).rejects.not.toThrow("the-key-id");
    expect(asked).toEqual([]);
  }
  let calls = 0;
  const credentials = () => {
    if (++calls === 1) throw new Error("no network");
    return CREDENTIALS;
  };
  const { store, run } = scripted([plain(204)], { credentials });
  await expect(run(store.delete("a"))).rejects.toThrow("no network");
  await run(store.delete("a"));
});
