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
  /** Settles when it has ended; rejects if it had to be killed, because it did not end for too long. */
  readonly end: Promise<ChildEnd>;
  /** Waits until it has printed this; rejects if it ends before. */
  printed(text: string): Promise<void>;
  /** Sends it a signal; silent if it has ended. */
  kill(signal: Deno.Signal): void;
}

const CONFIG = fromFileUrl(new URL("../deno.json", import.meta.url));

/**
 * Kills the process when its input ends, and so when the process of the tests ends, even by a signal that it can not handle. The
 * signals of a terminal reach the whole group, so it ignores them.
 */
const GUARD = `trap "" HUP INT TERM; read -r _; kill -KILL "$1"`;

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
  const guard = guardOf(child);
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    kill("SIGKILL");
  }, LONGEST);
  let [stdout, heard] = ["", Promise.withResolvers<void>()];
  const listen = async (): Promise<void> => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += text;
      heard.resolve();
      heard = Promise.withResolvers();
    }
  };
  const ending = Promise.all([child.status, new Response(child.stderr).text(), listen()]);
  const end = ending.then(async ([{ code, signal }, stderr]) => {
    clearTimeout(late);
    guard?.kill("SIGKILL");
    await guard?.status;
    await guard?.stdin.close().catch(() => {});
    if (isLate) throw new Error(`A process has not ended after ${LONGEST / 1000} s. It printed: ${stderr}${stdout}`);
    return { pid: child.pid, code, signal, stdout, stderr };
  });
  end.catch(() => {});
  return {
    pid: child.pid,
    end,
    kill,
    async printed(text) {
      let ended: ChildEnd | undefined;
      const over = end.then((how) => void (ended = how));
      while (!stdout.includes(text)) {
        if (ended !== undefined) {
          throw new Error(
            `The process ended with code ${ended.code} before it printed ${text}: ${ended.stderr}${stdout}`,
          );
        }
        await Promise.race([heard.promise, over]);
      }
    },
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await end.catch(() => {});
    },
  };
}

function guardOf({ pid }: Deno.ChildProcess): Deno.ChildProcess | undefined {
  if (Deno.build.os === "windows") return undefined;
  const args = ["-c", GUARD, "guard", `${pid}`];
  return new Deno.Command("sh", { args, stdin: "piped", stdout: "null", stderr: "null" }).spawn();
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
