/**
 * A server program that tests start on a free port of this machine, in a fresh folder, and that never outlives them.
 *
 * @module
 */
import { join } from "@std/path";
import { programOf, type Server } from "../../../scripts/servers/server.ts";

/** How a server program is started. */
export interface ServerStart {
  /** The arguments with which it listens on this port of 127.0.0.1 and keeps its data in this folder. */
  readonly args: (port: number, folder: string) => string[];
  /** Variables of its environment, beside those of this process. */
  readonly env?: Record<string, string>;
  /** Folders that it expects inside its data folder. */
  readonly folders?: readonly string[];
  /** What it prints when it accepts connections. */
  readonly ready: RegExp;
  /**
   * A path to get again and again until it prints what `ready` matches, for a server that says that it listens before it does. Let
   * `ready` match what it prints about this request: an answer alone can come from another process that took the port.
   */
  readonly knock?: string;
}

const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 5_000;
const PORT_ATTEMPTS = 10;
const KNOCK_INTERVAL = 20;

/**
 * Kills the server and removes its data when its input ends, and so when the process of the tests ends, even by a signal that it can
 * not handle. The signals of a terminal reach the whole group, so it ignores them.
 */
const GUARD = `trap "" HUP INT TERM; read -r _; kill -KILL "$1"; rm -rf -- "$2"`;

/** A running server. */
interface Running {
  readonly server: Deno.ChildProcess;
  readonly guard: Deno.ChildProcess | undefined;
  /** Settles when the server has ended and all it printed is read. */
  readonly ended: Promise<Deno.CommandStatus>;
}

/** A server of a test. Hold it with `await using`. */
export class ServerProcess implements AsyncDisposable {
  readonly #description: Server;
  readonly #start: ServerStart;
  readonly #folder: string;
  #port = 0;
  #running: Running | undefined;
  #output = "";

  private constructor(description: Server, start: ServerStart, folder: string) {
    this.#description = description;
    this.#start = start;
    this.#folder = folder;
  }

  /** Starts a server, and waits until it accepts connections. */
  static async start(description: Server, start: ServerStart): Promise<ServerProcess> {
    const created = new ServerProcess(description, start, await Deno.makeTempDir({ prefix: `${description.name}-` }));
    try {
      for (const name of start.folders ?? []) await Deno.mkdir(join(created.#folder, name));
      await created.#startOnFreePort();
      return created;
    } catch (error) {
      await created[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where it listens. It keeps its port when it starts again. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Where its data are. */
  get folder(): string {
    return this.#folder;
  }

  /** What it printed so far, since it was started last. */
  get output(): string {
    return this.#output;
  }

  /** Stops it if it runs, and starts it again on the same port and the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#launch();
  }

  /** Asks it to end, and waits until it has. Its data stay. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it as a crash does, without a chance to finish anything. Its data stay. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Kills it and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Another process can take a port between the moment it was found free and the start of the server: then it is another port's turn. */
  async #startOnFreePort(): Promise<void> {
    for (let attempt = 1;; attempt++) {
      this.#port = freePort();
      try {
        return await this.#launch();
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || !/address.*in use/i.test(this.#output)) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    this.#output = "";
    const server = this.#spawn();
    const { promise: ready, resolve } = Promise.withResolvers<"ready">();
    let waits = true;
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.#output += text;
        if (waits && this.#start.ready.test(this.#output)) resolve("ready");
      }
    };
    const ended = Promise.all([server.status, read(server.stdout), read(server.stderr)]).then(([status]) => status);
    this.#running = { server, guard: guardOf(server, this.#folder), ended };
    using late = deadline(START_TIMEOUT);
    const knocks = this.#knock(() => waits);
    const outcome = await Promise.race([ready, ended, late.passed]);
    waits = false;
    await knocks;
    if (outcome === "ready") return;
    await this.kill();
    const why = outcome === "late" ? `is not ready after ${START_TIMEOUT} ms` : `ended with code ${outcome.code}`;
    throw new Error(`${this.#description.name} ${why}. It printed: ${this.#output || "nothing"}`);
  }

  async #knock(waits: () => boolean): Promise<void> {
    const { knock } = this.#start;
    while (knock !== undefined && waits()) {
      try {
        await (await fetch(this.url + knock, { signal: AbortSignal.timeout(1_000) })).body?.cancel();
      } catch {
        // It does not listen yet, or it has ended, which is noticed elsewhere.
      }
      await new Promise((resolve) => setTimeout(resolve, KNOCK_INTERVAL));
    }
  }

  #spawn(): Deno.ChildProcess {
    const { args, env = {} } = this.#start;
    const program = programOf(this.#description);
    try {
      return new Deno.Command(program, {
        args: args(this.#port, this.#folder),
        env,
        cwd: this.#folder,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new Error(`${program} is not there. \`deno task servers\` installs it.`, { cause });
    }
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const { server, guard, ended } = running;
    signalTo(server, signal);
    using late = deadline(STOP_TIMEOUT);
    if (await Promise.race([ended, late.passed]) === "late") signalTo(server, "SIGKILL");
    await ended;
    if (guard) {
      signalTo(guard, "SIGKILL");
      await Promise.all([guard.status, guard.stdin.close().catch(() => {})]);
    }
    if (this.#running === running) this.#running = undefined;
  }
}

/**
 * A port where nothing listens, below those that systems give to outgoing connections. In that range a client that tries again and
 * again to reach a stopped server can be given the server's own port, connect to itself, and keep the server from starting again.
 */
export function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function guardOf(server: Deno.ChildProcess, folder: string): Deno.ChildProcess | undefined {
  if (Deno.build.os === "windows") return undefined;
  const args = ["-c", GUARD, "guard", String(server.pid), folder];
  return new Deno.Command("sh", { args, stdin: "piped", stdout: "null", stderr: "null" }).spawn();
}

function signalTo(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

function deadline(milliseconds: number): Disposable & { passed: Promise<"late"> } {
  const { promise: passed, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), milliseconds);
  return { passed, [Symbol.dispose]: () => clearTimeout(timer) };
}
