import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(import.meta.resolve("../../"));

const PROGRAM = `
import { KvWorkflow, openRuntime, task } from "@fusewire/fusewire";
const add = task((a: number, b: number) => a + b, { name: "add" });
await using runtime = await openRuntime({ kv: "kv/runs.db" });
console.log(await new KvWorkflow(add(add(1, 2), 3), { workflowName: "sum", runtime }).run());
`;

Deno.test("a durable run needs no permission but for the folder of its KV", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "kv"));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--unstable-kv",
        "--config",
        join(root, "deno.json"),
        "--allow-read=kv",
        "--allow-write=kv",
        "-",
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode(PROGRAM));
    await input.close();
    const { stdout, stderr } = await child.output();
    expect(new TextDecoder().decode(stderr)).toBe("");
    expect(new TextDecoder().decode(stdout)).toBe("6\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
