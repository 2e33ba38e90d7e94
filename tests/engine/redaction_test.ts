import { expect } from "@std/expect";
import { ConfigError } from "@fusewire/fusewire";
import { REDACTED, redacted } from "../../src/engine/bundle/redaction.ts";

Deno.test("redacted() replaces what paths lead to, in a copy", () => {
  const input = { user: { name: "me", password: "hunter2!" }, list: [{ key: 1 }, { key: 2 }], when: new Date(0) };
  const { value, paths } = redacted(input, ["user.password", "list.*.key"]);
  expect(value).toEqual({
    user: { name: "me", password: REDACTED },
    list: [{ key: REDACTED }, { key: REDACTED }],
    when: new Date(0),
  });
  expect(paths.toSorted()).toEqual(["list.0.key", "list.1.key", "user.password"]);
  expect(input.user.password).toBe("hunter2!");
});

Deno.test("redacted() looks into maps, and leaves out a whole part or the whole value", () => {
  expect(redacted(new Map([["token", "abcdef"], ["id", "x"]]), ["token"]).value).toEqual(
    new Map([["token", REDACTED], ["id", "x"]]),
  );
  expect(redacted({ a: { b: 1 } }, ["a"]).value).toEqual({ a: REDACTED });
  expect(redacted("secret", [""])).toEqual({ value: REDACTED, paths: [""] });
  expect(redacted({ a: 1 }, [])).toEqual({ value: { a: 1 }, paths: [] });
});

Deno.test("redacted() leaves out other texts that have a redacted text in them", () => {
  const input = { key: { id: "abcd", short: "abc" }, url: "https://abcd@host", other: "abc", [`abcd`]: 1 };
  const { value, paths } = redacted(input, ["key"]);
  expect(value).toEqual({ key: REDACTED, url: REDACTED, other: "abc", abcd: 1 });
  expect(paths.toSorted()).toEqual(["key", "url"]);
});

Deno.test("redacted() finds what is in a value twice by either path, and keeps cycles", () => {
  const shared = { password: "p", id: 1 };
  const input: Record<string, unknown> = { a: shared, b: shared };
  input["self"] = input;
  const { value } = redacted(input, ["b.password"]);
  expect(value).toMatchObject({ a: { password: REDACTED }, b: { password: REDACTED } });
  const copy = value as Record<string, unknown>;
  expect(copy["self"]).toBe(copy);
  expect(copy["a"]).toBe(copy["b"]);
});

Deno.test("redacted() asks a function about every part", () => {
  const asked: string[] = [];
  const { value } = redacted({ a: { token: "t", n: 1 }, tokens: ["x"] }, (path) => {
    asked.push(path);
    return /(^|\.)token$/.test(path);
  });
  expect(value).toEqual({ a: { token: REDACTED, n: 1 }, tokens: ["x"] });
  expect(asked.toSorted()).toEqual(["", "a", "a.n", "a.token", "tokens", "tokens.0"]);
});

Deno.test("redacted() refuses a path that leads to nothing, and keeps keys such as __proto__ as they are", () => {
  for (const path of ["b", "a.b.c", "a.*", "list.2", "a."]) {
    expect(() => redacted({ a: 1, list: [1, 2] }, [path])).toThrow(ConfigError);
  }
  const input: unknown = JSON.parse('{"__proto__": {"x": 1}, "secret": "abcd"}');
  const { value } = redacted(input, ["secret"]);
  expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1},"secret":"[redacted]"}');
});

Deno.test("redacted() goes as deep as a value does, and tells at most 20 paths", () => {
  let deep: unknown = { secret: "abcd" };
  for (let i = 0; i < 20_000; i++) deep = [deep];
  expect(redacted(deep, (path, value) => path.length < 0 || value === "abcd").paths.length).toBe(1);
  const { paths } = redacted(Array.from({ length: 100 }, () => 1), (path) => path !== "");
  expect(paths.length).toBe(20);
  expect(paths.at(-1)).toBe("… and 81 more");
});
