import { expect } from "@std/expect";
import { defineWorkflow, type Input, openRuntime, task } from "../../../mod.ts";
import { ConfigError, TimeoutError } from "../../../src/errors.ts";
import { UsersStore } from "./users_store.ts";

async function drive(folder: string, logFile: string) {
  const args = ["run", "--no-prompt", `--allow-read`, `--allow-write`, "--allow-run", "--allow-env", "--allow-sys"];
  const script = new URL("./users_store_process.ts", import.meta.url).pathname;
  const { stdout, signal } = await new Deno.Command(Deno.execPath(), { args: [...args, script, folder, logFile] })
    .output();
  return { printed: new TextDecoder().decode(stdout).trim(), signal };
}

Deno.test("a run kept in a user's own store goes on after kill -9, and what was committed is not run again", async () => {
  const folder = await Deno.makeTempDir();
  const logFile = `${folder}.log`;
  try {
    expect(await drive(folder, logFile)).toEqual({ printed: "", signal: "SIGKILL" });
    expect(await drive(folder, logFile)).toEqual({ printed: "loaded monday", signal: null });
    expect(await drive(folder, logFile)).toEqual({ printed: "loaded monday", signal: null });
    expect((await Deno.readTextFile(logFile)).trim().split("\n")).toEqual(["extract", "clean", "clean", "load"]);
    const store = new UsersStore(folder);
    expect(await store.getResult("etl", "monday", "load_0000")).toBe("loaded monday");
    expect(await store.getInputs("etl", "monday")).toEqual({ day: "monday" });
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(logFile).catch(() => {});
  }
});

Deno.test("a failed run kept in a user's own store tells why after a restart, and can be tried again", async () => {
  const folder = await Deno.makeTempDir();
  let fails = true;
  const parse = task((text: string) => {
    if (fails) throw new TypeError("no number", { cause: new RangeError("too long") });
    return Number(text);
  }, { name: "parse" });
  const double = task((x: number) => 2 * x, { name: "double" });
  const sums = defineWorkflow("sums", { version: "1" }, (input: Input<{ text: string }>) => double(parse(input.text)));
  try {
    {
      await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
      await expect(runtime.run(sums, { text: "4" }, { id: "1" })).rejects.toThrow("no number");
    }
    await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
    const error: unknown = await runtime.run(sums, { text: "4" }, { id: "1" }).catch((error) => error);
    const { cause } = error instanceof Error ? error : new Error();
    expect(cause instanceof Error && [cause.name, cause.message]).toEqual(["TypeError", "no number"]);
    expect(cause instanceof Error && cause.cause instanceof Error && cause.cause.message).toBe("too long");
    fails = false;
    const run = await runtime.start(sums, { text: "4" }, { id: "1" });
    await run.retry();
    expect(await runtime.run(sums, { text: "4" }, { id: "1" })).toBe(8);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a user's own store says to a second worker that it serves one", async () => {
  const folder = await Deno.makeTempDir();
  const sums = defineWorkflow("sums", { version: "1" }, () => task(() => 1, { name: "one" })());
  const stop = new AbortController();
  try {
    const store = new UsersStore(folder);
    await using runtime = await openRuntime({ runtimeStorage: store });
    await using other = await openRuntime({ runtimeStorage: store });
    const working = runtime.worker([sums]).run({ signal: stop.signal });
    expect(await (await runtime.start(sums)).result()).toBe(1);
    for (const one of [runtime, other]) {
      const asked = one.worker([sums]).run({ signal: stop.signal });
      await expect(asked).rejects.toThrow(ConfigError);
      await expect(asked).rejects.toThrow("serves one worker");
    }
    stop.abort();
    await working;
    expect(await other.run(sums)).toBe(1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("rate limits and the time of runs hold on a user's own store, in its one process", async () => {
  const folder = await Deno.makeTempDir();
  const begun: number[] = [];
  const call = task((n: number) => {
    begun.push(performance.now());
    return n;
  }, { name: "call", rateLimit: { key: "users", limit: 2, interval: 150 } });
  const calls = defineWorkflow("calls", { version: "1" }, () => [1, 2, 3, 4, 5].map((n) => call(n)));
  const hang = task(() => new Promise<number>(() => {}), { name: "hang" });
  const slow = defineWorkflow("slow", { version: "1", timeout: 50 }, () => hang());
  try {
    await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
    expect(await runtime.run(calls)).toEqual([1, 2, 3, 4, 5]);
    expect(begun[4]! - begun[0]!).toBeGreaterThan(250);
    await expect(runtime.run(slow, undefined, { id: "slow" })).rejects.toThrow(TimeoutError);
    expect(await new UsersStore(folder).getState("slow", "slow", "hang_0000")).toBe("CANCELLED");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
