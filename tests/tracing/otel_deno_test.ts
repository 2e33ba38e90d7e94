import { expect } from "@std/expect";
import { runChild } from "../child.ts";
import { traceFile } from "./trace_file.ts";

const fixture = new URL("./otel_deno_fixture.ts", import.meta.url);
const poolFixture = new URL("./otel_pool_fixture.ts", import.meta.url);

/** A span as OTLP has it in JSON, as far as it is looked at. */
interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly scope?: { readonly name: string }; readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A collector, which serves pages too. */
class Collector implements AsyncDisposable {
  readonly spans: OtlpSpan[] = [];
  readonly metrics: string[] = [];
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => this.#answer(request),
  );

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** What makes Deno the SDK. */
  get env(): Record<string, string> {
    return { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_ENDPOINT: this.url };
  }

  /** The only span of a name. */
  span(name: string): OtlpSpan {
    const found = this.spans.filter((span) => span.name === name);
    if (found.length === 1) return found[0]!;
    throw new Error(`${found.length} spans are called ${name}; all: ${this.spans.map(({ name }) => name).join(", ")}.`);
  }

  /** The span in which another one is. */
  parentOf({ parentSpanId }: OtlpSpan): OtlpSpan | undefined {
    return this.spans.find(({ spanId }) => spanId === parentSpanId);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/traces") {
      const { resourceSpans }: OtlpTraces = await request.json();
      this.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans));
    } else if (pathname === "/v1/metrics") this.metrics.push(await request.text());
    return new Response(pathname === "/page" ? "a page" : "{}");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

Deno.test("With OTEL_DENO=true two processes give one trace to a collector, with the requests of tasks in it", async () => {
  await using folder = await traceFile();
  await using collector = new Collector();
  for (const part of ["start", "work"]) {
    const { code, stdout, stderr } = await runChild(fixture, [folder.path, collector.url, part], collector.env);
    expect([code, stdout, stderr]).toEqual([0, part === "work" ? "6\n" : "", ""]);
  }
  const [start, run, f, m, request] = ["start pages", "run pages", "step f", "step m", "GET"].map((name) =>
    collector.span(name)
  );
  expect(run!.parentSpanId).toBe(start!.spanId);
  expect([f!.parentSpanId, m!.parentSpanId]).toEqual([run!.spanId, run!.spanId]);
  expect(collector.parentOf(request!)).toMatchObject({ name: "attempt", parentSpanId: f!.spanId });
  for (const span of [run, f, m, request]) expect(span!.traceId).toBe(start!.traceId);
  expect(collector.metrics.join()).toContain("fusewire.steps");
});

Deno.test("The requests that tasks send on the threads of a pool are within their attempts", async () => {
  await using collector = new Collector();
  const { code, stdout, stderr } = await runChild(poolFixture, [collector.url], collector.env);
  expect([code, stdout, stderr]).toEqual([0, "a page\na page\n", ""]);
  const requests = collector.spans.filter(({ name }) => name === "GET");
  expect(requests.length).toBe(2);
  const steps = requests.map((request) => {
    const attempt = collector.parentOf(request)!;
    expect(attempt.name).toBe("attempt");
    return collector.parentOf(attempt)!;
  });
  expect(steps.map(({ name }) => name)).toEqual(["step f", "step f"]);
  const runs = steps.map((step) => collector.parentOf(step)?.name);
  expect(runs.toSorted()).toEqual(["run durable", "run pool"]);
});
