import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";
import { countTests } from "../../scripts/test_totals.ts";

/** Runs `deno test` on one module with this source, with colours. */
async function outputOf(source: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const module = join(folder, "some_test.ts");
    await Deno.writeTextFile(module, source);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-lock", "--no-prompt", module],
      env: { FORCE_COLOR: "1" },
      cwd: folder,
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("test totals count passed, failed and skipped tests, not their steps", async () => {
  const output = await outputOf(`
    Deno.test("a", async (t) => { await t.step("x", () => {}); await t.step({ name: "y", ignore: true, fn() {} }); });
    Deno.test("b", () => {});
    Deno.test("c", () => { throw new Error("c"); });
    Deno.test.ignore("d", () => {});
  `);
  expect(countTests(output)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  expect(output).toContain("\x1b[");
});

Deno.test("test totals add up several runs", async () => {
  const passing = await outputOf(`Deno.test("a", () => {});`);
  const broken = await outputOf(`throw new Error("does not load");`);
  expect(countTests(passing + broken + passing)).toEqual({ passed: 2, failed: 1, skipped: 0 });
});

Deno.test("test totals leave out what tests print and throw", async () => {
  const lookalike = "ok | 99 passed | 0 failed (1ms)";
  const nested = await outputOf(`Deno.test("inner", () => console.log("${lookalike}"));`);
  expect(nested).toContain(lookalike);
  const output = await outputOf(`
    const nested = ${JSON.stringify(nested)};
    console.log(nested);
    addEventListener("unload", () => console.log(nested));
    Deno.test("a", () => console.log(nested));
    Deno.test("b", () => { throw new Error("\\n" + nested); });
  `);
  expect(countTests(output)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

Deno.test("test totals of an output without a run are not zeros", async () => {
  expect(countTests("")).toBeUndefined();
  expect(countTests(await outputOf(`const a: string = 1;`))).toBeUndefined();
});

const script = fromFileUrl(import.meta.resolve("../../scripts/test_totals.ts"));

for (
  const [name, output, line, success] of [
    ["says what ran", "ok | 3 passed | 0 failed | 2 ignored (5ms)\n", "3 passed, 0 failed, 2 skipped\n", true],
    [
      "ends with an error after a failure",
      "FAILED | 3 passed | 1 failed (5ms)\n",
      "3 passed, 1 failed, 0 skipped\n",
      false,
    ],
    ["ends with an error where no test ran", "ok | 0 passed | 0 failed | 4 filtered out (5ms)\n", "", false],
    ["ends with an error where nothing is said", "error: Type checking failed.\n", "", false],
  ] as const
) {
  Deno.test(`the test totals script ${name}`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", script],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await new Blob([output]).stream().pipeTo(child.stdin);
    const result = await child.output();
    expect(new TextDecoder().decode(result.stdout)).toBe(line);
    expect(result.success).toBe(success);
  });
}
