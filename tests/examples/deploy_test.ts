import { expect } from "@std/expect";
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(import.meta.resolve("../../"));

/** How long the process has to do what is waited for, on a busy machine, in ms. */
const LIMIT = 120_000;

interface ShownRun {
  readonly id: string;
  readonly status: string;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly attempt: number }[];
  readonly result?: { readonly site: string; readonly due: string; readonly milliseconds: number };
}

/** A site that answers at once, or when it is told to. */
class Site implements AsyncDisposable {
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** How many requests are waiting. */
  waiting = 0;
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async () => {
    this.waiting++;
    await this.gate;
    this.waiting--;
    return new Response("here");
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The example as a process, with a run every second. */
class App {
  readonly #process: Deno.ChildProcess;
  readonly #printed: Promise<string>;
  readonly #url = Promise.withResolvers<string>();

  constructor(folder: string, site: string) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--config", join(root, "deno.json"), "--allow-env", "--allow-net=127.0.0.1"].concat(
        "--allow-read",
        "--allow-write",
        join(root, "examples/deploy.ts"),
      ),
      env: {
        NO_COLOR: "1",
        FUSEWIRE_KV: join(folder, "kv.sqlite"),
        FUSEWIRE_SITE: site,
        FUSEWIRE_CRON: "* * * * * *",
        DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
      },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#printed = this.#read();
  }

  async #read(): Promise<string> {
    let printed = "";
    const hear = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      for await (const chunk of stream) {
        printed += new TextDecoder().decode(chunk);
        const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed)?.[0];
        if (url !== undefined) this.#url.resolve(url);
      }
    };
    await Promise.all([hear(this.#process.stdout), hear(this.#process.stderr)]);
    this.#url.reject(new Error(`The example ended: ${printed}`));
    return printed;
  }

  /** Asks for the runs until they are as they have to be. */
  async runsWhen(holds: (runs: readonly ShownRun[]) => boolean): Promise<readonly ShownRun[]> {
    const url = new URL("runs.json", await this.#url.promise);
    const end = performance.now() + LIMIT;
    for (;;) {
      const response = await fetch(url);
      const runs: readonly ShownRun[] = await response.json();
      if (holds(runs)) return runs;
      if (performance.now() > end) throw new Error(`The runs are ${JSON.stringify(runs)}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The page. */
  async page(): Promise<string> {
    return await (await fetch(await this.#url.promise)).text();
  }

  /** Asks it to end, and says how it did and after how many ms. */
  async interrupt(): Promise<{ readonly code: number; readonly signal: string | null; readonly after: number }> {
    const begun = performance.now();
    this.#process.kill("SIGINT");
    const { code, signal } = await this.#process.status;
    const after = performance.now() - begun;
    expect(await this.#printed).not.toMatch(/error/i);
    return { code, signal, after };
  }

  /** Ends it if it has not ended. */
  async end(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.status;
    await this.#printed;
    this.#url.promise.catch(() => {});
  }
}

const succeeded = (runs: readonly ShownRun[]) => runs.filter(({ status }) => status === "SUCCEEDED");

async function withApp(body: (app: () => App, site: Site) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const apps: App[] = [];
  await using site = new Site();
  try {
    await body(() => {
      const app = new App(folder, site.url);
      apps.push(app);
      return app;
    }, site);
  } finally {
    for (const app of apps) await app.end();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("deploy runs by cron, shows its runs, and ends by itself on SIGINT", () =>
  withApp(async (start, site) => {
    const app = start();
    const runs = await app.runsWhen((runs) => succeeded(runs).length >= 2);
    const [latest, before] = succeeded(runs);
    expect(latest?.id).not.toBe(before?.id);
    expect(latest?.steps.map(({ name }) => name)).toEqual(["cold", "warm", "summary"]);
    expect(latest?.result?.site).toBe(site.url);
    expect(latest?.id).toBe(`cron-uptime-${latest?.result?.due.replaceAll(/[-:]|\.000/g, "")}`);
    expect(await app.page()).toContain(`<td>${before?.id}<td>SUCCEEDED<td>cold SUCCEEDED, warm SUCCEEDED`);
    const { code, signal, after } = await app.interrupt();
    expect([code, signal]).toEqual([0, null]);
    expect(after).toBeLessThan(5_000);
  }));

Deno.test("deploy leaves a run that SIGINT finds at work to the next process, within 5 s", () =>
  withApp(async (start, site) => {
    const first = start();
    await first.runsWhen((runs) => succeeded(runs).length >= 1);
    const gate = Promise.withResolvers<void>();
    site.gate = gate.promise;
    const [atWork] = await first.runsWhen((runs) => site.waiting > 0 && runs[0]?.status === "RUNNING");
    const { code, after } = await first.interrupt();
    expect(code).toBe(0);
    expect(after).toBeLessThan(5_000);
    gate.resolve();

    const second = start();
    const runs = await second.runsWhen((runs) => succeeded(runs).some(({ id }) => id === atWork?.id));
    const run = runs.find(({ id }) => id === atWork?.id);
    expect(run?.steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
    expect((await second.interrupt()).code).toBe(0);
  }));
