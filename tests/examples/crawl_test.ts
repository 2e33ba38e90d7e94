import { expect } from "@std/expect";
import site from "../../examples/crawl/site.json" with { type: "json" };
import { run, withCopy } from "./copied_examples.ts";

Deno.test("crawl reads every page once, although the site fails now and then, and never asks too often", () =>
  withCopy(async (folder) => {
    const lines = (await run(folder, "crawl.ts")).trimEnd().split("\n");
    const paths = lines.slice(0, -2).map((line) => line.split(" ")[0]);
    expect(paths.toSorted()).toEqual(Object.keys(site).toSorted());
    expect(lines.at(-2)).toBe(`${paths.length} pages, and /vulcan is gone.`);
    expect(lines.at(-1)).toBe("The site had to say 0 times that it was asked too often.");
  }));
