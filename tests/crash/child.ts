/**
 * Deno processes of tests, which never outlive them.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";

/** What became of a process. */
export interface ChildEnd {
  /** Its id. */
  readonly pid: number;
  /** Its exit code; 128 and the number of the signal if a signal ended it. */
  readonly code: number;
  /** The signal that ended it. */
  readonly signal: Deno.Signal | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
}

/** A Deno process. Hold it with `await using`. */
export interface Child extends AsyncDisposable {
  /** Its id. */
  readonly pid: number;
  /** Settles when it has ended. */
  readonly end: Promise<ChildEnd>;
  /** Sends it a signal; silent if it has ended. */
  kill(signal: Deno.Signal): void;
}

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** After so many milliseconds a process is killed: something hangs. */
const LONGEST = 120_000;

/** Starts a module of the tests with these arguments; `env` is added to the environment. */
export function startChild(module: URL, args: readonly string[], env: Record<string, string> = {}): Child {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--config",
      CONFIG,
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-run",
      "--allow-sys",
      "--allow-net=127.0.0.1",
      fromFileUrl(module),
      ...args,
    ],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = (signal: Deno.Signal): void => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  };
  const late = setTimeout(() => kill("SIGKILL"), LONGEST);
  const end = child.output().then(({ code, signal, stdout, stderr }) => {
    clearTimeout(late);
    const text = new TextDecoder();
    return { pid: child.pid, code, signal, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  });
  return {
    pid: child.pid,
    end,
    kill,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await end;
    },
  };
}

/** Starts a module, and waits for its end. */
export async function runChild(
  module: URL,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ChildEnd> {
  await using child = startChild(module, args, env);
  return await child.end;
}
