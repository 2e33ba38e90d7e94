import { expect } from "@std/expect";
import { run, withCopy } from "./copied_examples.ts";

Deno.test("sweep finds better settings in a fork that reads no data again, and a second process nothing at all", () =>
  withCopy(async (folder) => {
    const first = await run(folder, "sweep.ts");
    const lines = first.trimEnd().split("\n");
    expect(lines.filter((line) => line === "load: reads the penguins")).toHaveLength(1);
    expect(lines).toContain("coarse: 8 settings");
    expect(lines).toContain("finer: 25 settings");
    expect(lines.at(-1)).toBe("finer was forked from coarse, and tried 25 settings.");
    const best = [...first.matchAll(/settings\n.*: ([\d.]+) %/g)].map(([, accuracy]) => Number(accuracy));
    expect(best).toHaveLength(2);
    expect(best[0]).toBeGreaterThan(95);
    expect(best[1]).toBeGreaterThanOrEqual(best[0] ?? 100);

    const second = await run(folder, "sweep.ts");
    expect(second.trimEnd().split("\n")).toEqual(lines.filter((line) => !line.startsWith("load")));
  }));
