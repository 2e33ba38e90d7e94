import { expect } from "@std/expect";
import * as path from "@std/path";

Deno.test("@std/path joins and normalizes parts", () => {
  expect(path.join("a", "..", "b", "./c.txt")).toBe("b/c.txt");
  expect(path.join("")).toBe(".");
  expect(path.join(new URL("file:///a/b"), "c")).toBe("/a/b/c");
  expect(path.normalize("/a//b/../c/")).toBe("/a/c/");
});

Deno.test("@std/path splits a path into folder, name and extension", () => {
  expect(path.dirname("/a/b.tar.gz")).toBe("/a");
  expect(path.dirname("b")).toBe(".");
  expect(path.basename("/a/b.tar.gz", ".gz")).toBe("b.tar");
  expect(path.basename(new URL("file:///a/b%20c"))).toBe("b c");
  expect(path.extname("/a/b.tar.gz")).toBe(".gz");
  expect(path.extname(".env")).toBe("");
});

Deno.test("@std/path resolves and relates paths", () => {
  expect(path.resolve("a")).toBe(`${Deno.cwd()}/a`);
  expect(path.resolve("/a", "b", "../c")).toBe("/a/c");
  expect(path.resolve("/a", "/b")).toBe("/b");
  expect(path.relative("/a/b", "/a/c/d")).toBe("../c/d");
  expect(path.isAbsolute("/a")).toBe(true);
  expect(path.isAbsolute("a")).toBe(false);
});

Deno.test("@std/path turns paths into file URLs and back", () => {
  const url = path.toFileUrl("/a b/é%.txt");
  expect(url.href).toBe("file:///a%20b/%C3%A9%25.txt");
  expect(path.fromFileUrl(url)).toBe("/a b/é%.txt");
  expect(() => path.fromFileUrl("https://a.test/b")).toThrow(TypeError);
  expect(() => path.toFileUrl("a")).toThrow(TypeError);
});

Deno.test("@std/path names the separator of the platform", () => {
  const separator: "/" | "\\" = path.SEPARATOR;
  expect(["a", "b"].join(separator)).toBe(path.join("a", "b"));
  expect("a//b".split(path.SEPARATOR_PATTERN)).toEqual(["a", "b"]);
});
