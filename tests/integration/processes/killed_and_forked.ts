/**
 * A run whose process is killed, forked and run by another one, and taken along by a bundle.
 *
 * @module
 */
import { MemoryRuntimeStorage, openRuntime } from "@fusewire/fusewire";
import { expect } from "@std/expect";
import { runChild, startChild } from "../../child.ts";
import { chain, type ForkReport } from "./fork_fixture.ts";

const PROCESS = new URL("./fork_fixture.ts", import.meta.url);

/** Does all that on a store; `env` is what processes find in their environment. */
export async function expectForkAfterKill(kv: string, env: Record<string, string> = {}): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fusewire-fork-" });
  const log = `${folder}/log`;
  try {
    {
      await using first = startChild(PROCESS, [kv, log, "begin"], env);
      await first.printed("stuck");
      first.kill("SIGKILL");
      expect((await first.end).signal).toBe("SIGKILL");
    }
    const calls = async (): Promise<string[]> => {
      const lines = (await Deno.readTextFile(log)).trimEnd().split("\n");
      return lines.map((line) => line.replace(/^\d+ /, ""));
    };
    expect((await calls()).sort()).toEqual(["double", "noise", "stuck"]);

    const { code, stdout, stderr } = await runChild(PROCESS, [kv, log, "fork", "second"], env);
    expect([code, stderr]).toEqual([0, ""]);
    const report: ForkReport = JSON.parse(stdout);
    expect(report).toEqual({ result: 17, forkedFrom: { run: "first", from: ["stuck"] } });
    const after = await calls();
    expect([after.filter((call) => call === "double").length, after.filter((call) => call === "noise").length]).toEqual(
      [1, 1],
    );

    // Here too, and from here in a store of another kind, and back.
    await using runtime = await openRuntime({ kv });
    expect((await runtime.get("second").status()).forkedFrom).toEqual({ run: "first", from: ["stuck"] });
    await using memory = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    await memory.import(runtime.export("second"), { id: "third" });
    const stop = new AbortController();
    const serving = memory.worker([chain]).run({ signal: stop.signal, handleSignals: false });
    const fork = await memory.fork("third", { from: "last", override: { stuck: 1 } });
    expect(await fork.result()).toBe(2);
    stop.abort();
    await serving;
    const back = await runtime.import(memory.export(fork));
    expect(await back.result()).toBe(2);
    expect((await back.status()).forkedFrom).toEqual({ run: "third", from: ["last"], overridden: ["stuck"] });
    expect((await calls()).filter((call) => call === "noise").length).toBe(1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
