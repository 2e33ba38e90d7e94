/**
 * Keys that are meant to break out of a store, tried on every verb.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { InvalidKeyError, NotFoundError } from "../src/errors.ts";
import { compareKeys, isKey } from "../storage/keys.ts";
import type { ObjectStore } from "../storage/object_store/object_store.ts";
import { keyOf } from "../storage/object_store/uri.ts";
import { bytesOf, fails, keysOf, listed, sameBytes, type TestOnObjects } from "./object_store_fixture.ts";
import { verbsOn } from "./object_store_keys.ts";
import type { SeededRandom } from "./seeded_random.ts";

const UP = [
  "../",
  "..\\",
  "%2e%2e/",
  "%2e%2e%2f",
  "..%2f",
  "..%5c",
  "%252e%252e%252f",
  "..;/",
  "....//",
  "..\0/",
  "\u2024\u2024/",
];
const DEVICES = ["CON", "nul", "COM1", "LPT9.txt", "aux", "PRN.", "CLOCK$", "CONIN$"];
const ROOTS = ["/", "//", "C:/", "c:\\", "C:", "\\\\server\\share\\", "\\\\?\\C:\\", "~/", "/proc/self/", "/dev/"];
const URLS = ["file:///", "s3://bucket/", "gs://bucket/", "kv:fusewire/", "memory:", "https://example.org/", "data:,"];
/** Each in two forms that look the same. */
const PAIRS = ["é", "Å", "ﬁ", "각", "ẛ̣", "Ω"];
const UNITS = [
  "a",
  "b",
  ".",
  "..",
  "/",
  "\\",
  "%",
  "%2e",
  "%2f",
  "%00",
  "\0",
  "\n",
  "~",
  ":",
  "*",
  "?",
  "#",
  " ",
  "é",
  "😀",
  "\ud83d",
  "\ude00",
  "\ufeff",
  "\u2028",
  "\u202e",
  "'",
  '"',
  "`",
  "$(x)",
  "<",
  "|",
  "__proto__",
];

/** Hostile keys from a seed, no two the same. */
export function hostileKeys(count: number, random: SeededRandom): readonly string[] {
  const keys = new Set<string>();
  const name = (): string => `n${random.int(0, 999)}`;
  const some = (least: number, most: number, one: () => string): string => {
    return Array.from({ length: random.int(least, most) }, one).join("");
  };
  const kinds: readonly (() => readonly string[])[] = [
    () => [some(1, 8, () => random.pick(UP)) + random.pick(["etc/passwd", "sentinel", name()])],
    () => [`${name()}/${some(1, 3, () => random.pick(UP))}${random.pick(["sentinel", name()])}`],
    () => [random.pick(ROOTS) + name()],
    () => [random.pick(URLS) + some(0, 2, () => random.pick(UP)) + name()],
    () => [random.pick(["", `${name()}/`]) + random.pick(DEVICES) + random.pick(["", "/x", ":stream", "::$DATA"])],
    () => {
      const text = name() + random.pick(PAIRS);
      return [text, text.normalize("NFC"), text.normalize("NFD"), text.normalize("NFKC")];
    },
    () => [random.pick(["x", "é", "😀", "%", "."]).repeat(random.int(60, 300))],
    () => [some(100, 400, () => random.pick(["a/", "bb/", "é/"])) + name()],
    () => [name() + random.pick(["\0", "\x01", "\r\n", "\x7f", "\x85", "\ud800", "\udfff"]) + name()],
    () => [name().toUpperCase(), `${name()}.`, `${name()} `, ` ${name()}`, `${name()}/`, `./${name()}`],
    () => [some(1, 8, () => random.pick(UNITS))],
    () => [some(1, 8, () => random.pick(UNITS))],
  ];
  while (keys.size < count) for (const key of random.pick(kinds)()) keys.add(key);
  return [...keys].slice(0, count);
}

/** Registers the test of hostile keys. */
export function testHostileKeys(test: TestOnObjects): void {
  test("keeps every hostile key exactly or refuses it with every verb, and changes nothing else", async (on) => {
    const { store, random } = on;
    const before = await on.around();
    const kept = new Map<string, Uint8Array>();
    const sentinel = { contentType: "text/plain", metadata: { a: "sentinel" } };
    for (const key of ["sentinel", "a", "deep/er/sentinel"]) {
      kept.set(key, bytesOf(100, kept.size));
      await store.put(key, bytesOf(100, kept.size - 1), sentinel);
    }
    for (const key of hostileKeys(on.hostileKeys, random)) {
      try {
        if (isKey(key)) await tryKey(store, key, kept, random);
        else await tryRefused(store, key);
      } catch (error) {
        throw new Error(`The key ${JSON.stringify(key)} (seed ${JSON.stringify(random.seed)}) breaks the store.`, {
          cause: error,
        });
      }
    }
    const expected = [...kept.keys()].toSorted(compareKeys);
    deepStrictEqual(await keysOf(store), expected);
    deepStrictEqual(await keysOf(await on.other()), expected);
    for (const [key, bytes] of kept) sameBytes(await store.get(key), bytes);
    for (const key of ["sentinel", "a", "deep/er/sentinel"]) {
      deepStrictEqual({ ...(await store.head(key))?.metadata }, sentinel.metadata);
    }
    deepStrictEqual(await on.around(), before);
    await store.deleteMany(expected);
    deepStrictEqual(await keysOf(store), []);
    deepStrictEqual(await on.around(), before);
  });
}

async function tryRefused(store: ObjectStore, key: string): Promise<void> {
  for (const verb of Object.values(verbsOn(store, key))) await fails(verb, InvalidKeyError);
  // The text may still be the beginning of a key; what is listed begins with it then.
  try {
    for (const found of await keysOf(store, key)) ok(found.startsWith(key));
  } catch (error) {
    if (!(error instanceof InvalidKeyError)) throw error;
  }
}

async function tryKey(
  store: ObjectStore,
  key: string,
  kept: Map<string, Uint8Array>,
  random: SeededRandom,
): Promise<void> {
  strictEqual(keyOf(store, store.uri(key)), key);
  const bytes = bytesOf(random.int(0, 300), kept.size);
  const inTheWay = [...kept.keys()].some((other) => other.startsWith(`${key}/`) || key.startsWith(`${other}/`));
  if (inTheWay) {
    await fails(() => store.put(key, bytes), InvalidKeyError, "can not be a folder too");
    await fails(() => store.copy("a", key), InvalidKeyError, "can not be a folder too");
    strictEqual(await store.head(key), undefined);
    return;
  }
  if (!kept.has(key)) {
    strictEqual(await store.head(key), undefined);
    await fails(() => store.get(key), NotFoundError);
  }
  await store.put(key, bytes, random.bool() ? { metadata: { n: "é" } } : {});
  sameBytes(await store.get(key), bytes);
  strictEqual((await store.head(key))?.key, key);
  ok((await listed(store.list(key))).some((one) => one.key === key));
  await store.copy(key, "copied");
  switch (random.int(0, 3)) {
    case 0:
      await store.delete(key);
      break;
    case 1:
      await store.deleteMany([key]);
      break;
    case 2:
      await store.copy("copied", key);
  }
  sameBytes(await store.get("copied"), bytes);
  await store.delete("copied");
  if (await store.head(key) === undefined) kept.delete(key);
  else kept.set(key, bytes);
}
