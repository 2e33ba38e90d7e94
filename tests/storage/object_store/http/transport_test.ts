import { expect } from "@std/expect";
import { ConfigError, UnavailableError } from "../../../../src/errors.ts";
import { delayAfter } from "../../../../storage/object_store/http/backoff.ts";
import { AgainError, type Exchange, Transport } from "../../../../storage/object_store/http/transport.ts";
import { VirtualClock } from "../../../../testing/virtual_clock.ts";

/** A server that gives these answers, one after another, and the times at which it was asked. */
function serverOf(clock: VirtualClock, answers: readonly (() => Response | Promise<Response>)[]) {
  const times: number[] = [];
  const fetch = async (): Promise<Response> => {
    const answer = answers[times.length];
    times.push(clock.now());
    if (answer === undefined) throw new Error("asked too often");
    return await answer();
  };
  return { times, fetch };
}

function exchange(transport: () => Transport): Exchange<string> {
  return {
    doing: "read it",
    request: (signal) => new Request("http://127.0.0.1/", { signal }),
    async receive(response) {
      if (Transport.isTemporary(response.status)) throw transport().again(response, await response.text());
      if (!response.ok) throw new ConfigError("no");
      return await response.text();
    },
  };
}

function transportOver(answers: readonly (() => Response | Promise<Response>)[], maxAttempts?: number) {
  const clock = new VirtualClock({ start: 0, random: () => 1 - Number.EPSILON });
  const server = serverOf(clock, answers);
  const options = { place: "in a test", clock, fetch: server.fetch, ...(maxAttempts ? { maxAttempts } : {}) };
  const transport: Transport = new Transport(options);
  const send = (): Promise<string> => transport.send(exchange(() => transport));
  return { clock, send, times: server.times };
}

const broken = (): Promise<Response> => Promise.reject(new TypeError("connection reset"));
const cut = (): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.error(new TypeError("body cut")),
    }),
  );

Deno.test("a request is sent again after a broken connection, a cut body and an overloaded server, later each time", async () => {
  const { clock, send, times } = transportOver([
    broken,
    cut,
    () => new Response("slow down", { status: 503 }),
    () => new Response("done"),
  ]);
  const sent = send();
  await clock.advance(10_000);
  expect(await sent).toBe("done");
  expect(times.map(Math.round)).toEqual([0, 100, 300, 700]);
});

Deno.test("a request waits as long as the server asks, at most 20 seconds", async () => {
  const again = (seconds: string) => () => new Response("", { status: 429, headers: { "retry-after": seconds } });
  const { clock, send, times } = transportOver([again("3"), again("9999"), () => new Response("done")]);
  const sent = send();
  await clock.advance(60_000);
  expect(await sent).toBe("done");
  expect(times.map(Math.round)).toEqual([0, 3000, 23_000]);
});

Deno.test("a request that fails for good is sent once, and one that fails always says why", async () => {
  const final = transportOver([() => new Response("", { status: 400 })]);
  await expect(final.send()).rejects.toThrow(ConfigError);
  expect(final.times.length).toBe(1);

  const hopeless = transportOver([broken, broken, broken], 3);
  const sent = hopeless.send();
  const refused = expect(sent).rejects.toThrow(
    "The store in a test could not read it: 3 attempts failed, the last with: connection reset.",
  );
  await hopeless.clock.advance(10_000);
  await refused;
  await expect(sent).rejects.toThrow(UnavailableError);
});

Deno.test("a request that nobody answers is given up after two minutes, and sent again", async () => {
  const clock = new VirtualClock({ start: 0 });
  let asked = 0;
  const transport: Transport = new Transport({
    place: "in a test",
    clock,
    fetch: (request) => {
      if (++asked > 1) return Promise.resolve(new Response("done"));
      return new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));
    },
  });
  const sent = transport.send(exchange(() => transport));
  await clock.advance(119_999);
  expect(asked).toBe(1);
  await clock.advance(1000);
  expect(await sent).toBe("done");
});

Deno.test("delays double, lie between half and all of the exponential one, and are bounded", () => {
  expect([1, 2, 3, 4].map((failed) => delayAfter(failed, {}, 0))).toEqual([50, 100, 200, 400]);
  expect(delayAfter(40, {}, 1)).toBe(20_000);
  expect(delayAfter(1, { baseDelay: 10 }, 0.5)).toBe(7.5);
  expect(new AgainError("x").retryAfter).toBe(0);
});
