import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(import.meta.resolve("../../"));
const readme = await Deno.readTextFile(join(root, "README.md"));
const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = ""]) => code);

/** What the comments beside and below calls of console.log say that they print. */
function promised(code: string): string[] {
  const lines = code.split("\n");
  return lines.flatMap((line, i) => {
    if (!line.includes("console.log(")) return [];
    const beside = line.split("; // ")[1];
    if (beside !== undefined) return [beside];
    const below = lines.slice(i + 1);
    const end = below.findIndex((next) => !next.startsWith("// "));
    return below.slice(0, end).map((comment) => comment.slice(3));
  });
}

const withoutSpace = (text: string): string => text.replaceAll(/\s/g, "");

blocks.forEach((code, i) => {
  Deno.test(`README: block ${i + 1} prints what its comments say`, async () => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, code);
      const { code: exit, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--config", join(root, "deno.json"), file],
        env: { NO_COLOR: "1" },
      }).output();
      expect(exit, new TextDecoder().decode(stderr)).toBe(0);
      expect(withoutSpace(new TextDecoder().decode(stdout))).toBe(withoutSpace(promised(code).join("")));
      expect(promised(code).length).toBeGreaterThan(0);
    } finally {
      await Deno.remove(file);
    }
  });
});

Deno.test("README: every path it links to is there", async () => {
  const links = Array.from(readme.matchAll(/\]\((?!https?:)([^)#]+)/g), ([, path = ""]) => path);
  expect(links.length).toBeGreaterThan(0);
  for (const path of links) await Deno.stat(join(root, path));
});
