import { expect } from "@std/expect";
import { runChild } from "../child.ts";
import { traceFile } from "./trace_file.ts";

const fixture = new URL("./otel_deno_fixture.ts", import.meta.url);

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

Deno.test("With OTEL_DENO=true two processes give one trace to a collector, with the requests of tasks in it", async () => {
  await using folder = await traceFile();
  const spans: OtlpSpan[] = [];
  const metrics: string[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/traces") {
      const { resourceSpans }: OtlpTraces = await request.json();
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans));
    } else if (pathname === "/v1/metrics") metrics.push(await request.text());
    return new Response(pathname === "/page" ? "a page" : "{}");
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const env = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
  };
  for (const part of ["start", "work"]) {
    const { code, stdout, stderr } = await runChild(fixture, [folder.path, url, part], env);
    expect([code, stdout, stderr]).toEqual([0, part === "work" ? "6\n" : "", ""]);
  }
  const one = (name: string): OtlpSpan => {
    const found = spans.filter((span) => span.name === name);
    expect([name, found.length, spans.map(({ name }) => name)]).toEqual([name, 1, expect.anything()]);
    return found[0]!;
  };
  const [start, run, f, m] = ["start pages", "run pages", "step f", "step m"].map(one);
  expect(run!.parentSpanId).toBe(start!.spanId);
  expect([f!.parentSpanId, m!.parentSpanId]).toEqual([run!.spanId, run!.spanId]);
  const request = one("GET");
  const attempt = spans.find(({ spanId }) => spanId === request.parentSpanId);
  expect(attempt).toMatchObject({ name: "attempt", parentSpanId: f!.spanId });
  for (const span of [run, f, m, request]) expect(span!.traceId).toBe(start!.traceId);
  expect(metrics.join()).toContain("fusewire.steps");
});
