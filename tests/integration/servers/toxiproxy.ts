/**
 * A `toxiproxy`: proxies that delay, cut and end the connections between a client and a server, for tests.
 *
 * @module
 */
import { reasonNotToRun } from "../../../scripts/servers/not_run.ts";
import { toxiproxy } from "../../../scripts/servers/table.ts";
import { freePort, ServerProcess } from "./server_process.ts";

/** What is done to the data of a connection. Times are milliseconds. */
export type Toxic =
  /** All data come later, by `latency`, give or take `jitter`. */
  | { type: "latency"; latency: number; jitter?: number }
  /** No more than `rate` kilobytes come in a second. */
  | { type: "bandwidth"; rate: number }
  /** The connection ends without a word after `bytes` bytes: after 0, the answer is lost. */
  | { type: "limit_data"; bytes: number }
  /** No data come, and the connection ends after `timeout`; never if that is 0. */
  | { type: "timeout"; timeout: number }
  /** The connection is reset (RST) after `timeout`. */
  | { type: "reset_peer"; timeout: number }
  /** Data come in pieces of `averageSize` bytes, give or take `sizeVariation`, with `delay` microseconds between them. */
  | { type: "slicer"; averageSize: number; sizeVariation?: number; delay?: number };

/** Where and how often something is done. */
export interface ToxicOptions {
  /**
   * `downstream` are the server's answers, `upstream` the client's requests.
   *
   * @default {"downstream"}
   */
  stream?: "downstream" | "upstream";
  /**
   * The part of the connections to which it is done, from 0 to 1.
   *
   * @default {1}
   */
  toxicity?: number;
}

/** A proxy before one server. */
export interface Proxy {
  /** What clients call in place of the server. */
  readonly url: string;
  /** Does something to the data of open and new connections. Gives a name, to remove it by. */
  readonly addToxic: (toxic: Toxic, options?: ToxicOptions) => Promise<string>;
  /** Stops it for open and new connections. */
  readonly removeToxic: (name: string) => Promise<void>;
  /** Ends all connections and takes no new ones. */
  readonly disable: () => Promise<void>;
  /** Takes connections again, on the same port. */
  readonly enable: () => Promise<void>;
}

/** A running `toxiproxy`. */
export interface Toxiproxy extends ServerProcess {
  /** Puts a proxy on a free port of 127.0.0.1 before a server. */
  readonly proxy: (upstreamUrl: string) => Promise<Proxy>;
}

/** For `ignore` of tests: there is no `toxiproxy` here and no way to build one. `deno task test` lists their files as not run. */
export const withoutToxiproxy: boolean = await reasonNotToRun(toxiproxy) !== undefined;

const PORT_ATTEMPTS = 10;

/**
 * Starts one on a free port of 127.0.0.1. Its proxies end with it.
 *
 * @example
 * ```ts ignore
 * await using toxiproxy = await startToxiproxy();
 * const proxy = await toxiproxy.proxy(server.url);
 * const toxic = await proxy.addToxic({ type: "limit_data", bytes: 0 });
 * await expect(fetch(proxy.url)).rejects.toThrow(); // the server has answered
 * await proxy.removeToxic(toxic);
 * ```
 */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const server = await ServerProcess.start(toxiproxy, {
    args: (port) => ["-host", "127.0.0.1", "-port", String(port)],
    knock: "/version",
    ready: /"url":"\/version"/,
  });
  return Object.assign(server, { proxy: (upstreamUrl: string) => proxyBefore(server.url, upstreamUrl) });
}

let count = 0;

async function proxyBefore(api: string, upstreamUrl: string): Promise<Proxy> {
  const name = `proxy-${++count}`;
  const upstream = new URL(upstreamUrl).host;
  const listen = await listening(api, { name, upstream });
  const path = `${api}/proxies/${name}`;
  return {
    url: `http://${listen}`,
    addToxic: async (toxic, { stream = "downstream", toxicity = 1 } = {}) => {
      const { type, ...attributes } = toxic;
      const toxicName = `toxic-${++count}`;
      await call("POST", `${path}/toxics`, {
        ...{ name: toxicName, type, stream, toxicity },
        attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [snakeCase(key), value])),
      });
      return toxicName;
    },
    removeToxic: (toxicName) => call("DELETE", `${path}/toxics/${toxicName}`),
    disable: () => call("POST", path, { enabled: false }),
    enable: () => call("POST", path, { enabled: true }),
  };
}

/** Makes the proxy. Another process can take a port between the moment it was found free and this: then it is another port's turn. */
async function listening(api: string, proxy: { name: string; upstream: string }): Promise<string> {
  for (let attempt = 1;; attempt++) {
    const listen = `127.0.0.1:${freePort()}`;
    try {
      await call("POST", `${api}/proxies`, { ...proxy, listen, enabled: true });
      return listen;
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !(error instanceof Error && /address.*in use/i.test(error.message))) throw error;
    }
  }
}

async function call(method: string, url: string, body?: Record<string, unknown>): Promise<void> {
  const answer = await fetch(url, { method, body: body === undefined ? null : JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`toxiproxy answered ${answer.status} to ${method} ${url}: ${text}`);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
