/**
 * What happens to a process whose step blocks its thread for several leases, on any KV.
 *
 * @module
 */
import { expect } from "@std/expect";
import { startChild } from "../../child.ts";

const WORKER = new URL("./blocking_fixture.ts", import.meta.url);

/**
 * Lets a process block for three leases, with another beside it that would take its run over. Gives which of the two was called, in
 * order, and which of them has the result.
 */
export async function blockThread(
  kv: (folder: string) => string,
  kind: "patient" | "limited",
  env: Record<string, string> = {},
): Promise<{ readonly called: readonly string[]; readonly result: string }> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-blocking-" });
  try {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "");
    await using blocked = startChild(WORKER, [kv(folder), log, kind, "start"], env);
    while (await Deno.readTextFile(log) === "") await new Promise((resolve) => setTimeout(resolve, 5));
    await using other = startChild(WORKER, [kv(folder), log, kind], env);
    await other.printed("ready");
    await blocked.printed("result");
    const names = new Map([[`${blocked.pid}`, "blocked"], [`${other.pid}`, "other"]]);
    blocked.kill("SIGTERM");
    other.kill("SIGTERM");
    const [{ stdout, stderr, code }, end] = await Promise.all([blocked.end, other.end]);
    expect([stderr, end.stderr, code, end.code]).toEqual(["", "", 0, 0]);
    const calls = (await Deno.readTextFile(log)).trimEnd().split("\n").map((line) => line.split(" "));
    const fences = calls.map(([, fence = ""]) => BigInt(fence));
    for (const [i, fence] of fences.entries()) expect(fence > (fences[i - 1] ?? 0n)).toBe(true);
    return {
      called: calls.map(([pid = ""]) => names.get(pid) ?? pid),
      result: names.get(/result (\d+)/.exec(stdout)?.[1] ?? "") ?? stdout,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
