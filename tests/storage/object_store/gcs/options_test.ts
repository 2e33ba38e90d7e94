import { expect } from "@std/expect";
import { ConfigError } from "../../../../src/errors.ts";
import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import type { GcsObjectStoreOptions } from "../../../../storage/object_store/gcs/options.ts";
import { bytesOf } from "../../../../testing/object_store_fixture.ts";
import { storeOnFake } from "./stores.ts";

function make(options: Partial<GcsObjectStoreOptions>): GcsObjectStore {
  return new GcsObjectStore({ bucket: "tests", endpoint: "http://127.0.0.1:1", ...options });
}

function withVariables(variables: Record<string, string>, body: () => void): void {
  for (const name of ["STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"]) Deno.env.delete(name);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    body();
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
}

Deno.test("names that no bucket can have are refused, and others are not", () => {
  const bad = [
    "",
    "A-bucket",
    "-ab",
    "ab-",
    "a b",
    "a/b",
    "a..b",
    "x".repeat(64),
    "127.0.0.1",
    "é-bucket",
    "a?b",
  ];
  for (const bucket of bad) {
    expect(() => make({ bucket }), bucket).toThrow(ConfigError);
    expect(() => make({ bucket }), bucket).toThrow("option `bucket`");
  }
  // @ts-expect-error from JavaScript anything may come
  expect(() => new GcsObjectStore({ endpoint: "http://127.0.0.1:1" })).toThrow("can not be missing");
  for (const bucket of ["b", "ab", "abc", "a_b.c-d", "1a1", `${"x".repeat(63)}.${"y".repeat(63)}`]) {
    expect(make({ bucket }).bucket).toBe(bucket);
  }
});

Deno.test("a prefix is a folder, however it is written", async () => {
  for (const [prefix, name] of [["", "a/b"], ["p", "p/a/b"], ["p/", "p/a/b"], ["p/q", "p/q/a/b"]] as const) {
    const { store, api } = storeOnFake({}, { prefix });
    await store.put("a/b", bytesOf(3));
    expect(api.objects.names).toEqual([name]);
    expect(store.uri("a/b")).toBe(`gs://tests/${name}`);
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["a/b"]);
    expect(store.prefix).toBe(prefix.replace(/\/$/, ""));
  }
  expect(make({}).uri("a")).toBe("gs://tests/fusewire/a");
  for (const prefix of ["/", "/p", "p//", "p//q", "../p", "p\\q", "p\n", "é".repeat(128)]) {
    expect(() => make({ prefix }), prefix).toThrow(ConfigError);
    expect(() => make({ prefix }), prefix).toThrow("option `prefix`");
  }
});

Deno.test("a store lists only what is below its prefix, and what has a key", async () => {
  const { store, api } = storeOnFake();
  for (const name of ["fusewire/a", "fusewire", "fusewire0", "fusewire/", "fusewire/b//c", "fusewire/d/", "other/a"]) {
    api.objects.store(name, bytesOf(3), {});
  }
  expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["a"]);
  await store.deletePrefix("");
  expect(api.objects.names).not.toContain("fusewire/a");
  expect(api.objects.names.length).toBe(6);
});

Deno.test("numbers that can not be are refused", () => {
  const bad: Partial<GcsObjectStoreOptions>[] = [
    { partBytes: 0 },
    { partBytes: 100_000 },
    { partBytes: NaN },
    { concurrency: 0 },
    { concurrency: 1.5 },
    { maxAttempts: 0 },
    { timeout: 0 },
  ];
  for (const options of bad) expect(() => make(options), JSON.stringify(options)).toThrow(ConfigError);
});

Deno.test("the service is where the option says, else the environment, else at Google", () => {
  const token = "t";
  withVariables({ STORAGE_EMULATOR_HOST: "localhost:4443" }, () => {
    expect(new GcsObjectStore({ bucket: "tests" }).place).toContain("at http://localhost:4443");
    expect(make({ endpoint: "https://example.org/gcs/" }).place).toMatch(/at https:\/\/example\.org\/gcs$/);
  });
  withVariables({ STORAGE_EMULATOR_HOST: "http://[::1]:4443/" }, () => {
    expect(new GcsObjectStore({ bucket: "tests" }).place).toMatch(/at http:\/\/\[::1\]:4443$/);
  });
  withVariables({}, () => {
    const store = new GcsObjectStore({ bucket: "tests", token });
    expect(store.place).toBe('in the bucket "tests", below "fusewire/", at https://storage.googleapis.com');
    expect(new GcsObjectStore({ bucket: "tests", token, prefix: "" }).place).toBe(
      'in the bucket "tests" at https://storage.googleapis.com',
    );
  });
  for (const endpoint of ["", "storage", "ftp://a", "http://user:password@a", "http://a/?b", "http://a/#b"]) {
    expect(() => make({ endpoint }), endpoint).toThrow("option `endpoint`");
    expect(() => make({ endpoint }), endpoint).not.toThrow("password@");
  }
});

Deno.test("without credentials the store says what to set, but at a server of one's own", () => {
  withVariables({}, () => {
    for (const name of ["`token`", "`serviceAccount`", "GOOGLE_APPLICATION_CREDENTIALS", '"tests"']) {
      expect(() => new GcsObjectStore({ bucket: "tests" })).toThrow(name);
    }
    expect(() => new GcsObjectStore({ bucket: "tests" })).toThrow(ConfigError);
    expect(() => make({})).not.toThrow();
    expect(() => make({ token: "a", serviceAccount: "b" })).toThrow("exclude each other");
    expect(() => make({ token: "a secret" })).toThrow("no access token");
    expect(() => make({ token: "a secret" })).not.toThrow("a secret");
  });
});
