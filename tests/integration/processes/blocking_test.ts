import { expect } from "@std/expect";
import { blockThread } from "./blocking.ts";

const onFile = (folder: string): string => `${folder}/runs.sqlite`;

Deno.test("a process whose step blocks its thread for three leases keeps the run", async () => {
  expect(await blockThread(onFile, "patient")).toEqual({ called: ["blocked"], result: "blocked" });
});

Deno.test("a process whose step blocks its thread past its timeout loses the run", async () => {
  expect(await blockThread(onFile, "limited")).toEqual({ called: ["blocked", "other"], result: "other" });
});
