/**
 * A crawl of a small site: the pages that are known but not read are fetched, those that they link to come next, until there are none.
 *
 * The site is shipped with the example, and served by it on 127.0.0.1. It answers 429 to whoever asks more than 20 times a second, and says
 * when to come back; the crawl keeps to that, with a rate limit that all who crawl would share. Now and then the site fails.
 *
 *     deno run --allow-net=127.0.0.1 examples/crawl.ts
 */
import {
  defineWorkflow,
  type Input,
  LocalWorkflow,
  mapSettled,
  repeatUntil,
  type SettledItem,
  task,
} from "@fusewire/fusewire";
import site from "./crawl/site.json" with { type: "json" };

/** A page that was read. */
interface Page {
  readonly url: string;
  readonly title: string;
  readonly links: readonly string[];
}

/** What is known so far. */
interface Crawl {
  readonly pages: readonly Page[];
  readonly failed: readonly string[];
  /** Pages that are known and not read. */
  readonly open: readonly string[];
}

/** An answer that is no page. */
class AnswerError extends Error {
  override readonly name = "AnswerError";
  /** When it is worth asking again is in its headers, which a retry obeys. */
  constructor(readonly response: Response, url: string) {
    super(`${new URL(url).pathname} answered ${response.status}`);
  }
}

const read = task(async function read(url: string): Promise<Page> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new AnswerError(response, url);
  const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link = ""]) => new URL(link, url).href);
  return { url, title: /<title>(.*?)<\/title>/.exec(text)?.[1] ?? url, links };
}, {
  rateLimit: { key: "site", limit: 15, interval: 1_000 },
  timeout: 5_000,
  retry: {
    maxAttempts: 4,
    initialDelay: 50,
    retryIf: (error) => !(error instanceof AnswerError) || error.response.status !== 404,
  },
});

const start = task((url: string): Crawl => ({ pages: [], failed: [], open: [url] }), { name: "start" });

const follow = task(function follow(before: Crawl, answers: readonly SettledItem<Page>[]): Crawl {
  const pages = [...before.pages, ...answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : [])];
  const failed = [...before.failed, ...before.open.filter((_, i) => answers[i]?.status === "rejected")];
  const known = new Set([...pages.map(({ url }) => url), ...failed]);
  const open = [...new Set(pages.flatMap(({ links }) => links))].filter((url) => !known.has(url));
  return { pages, failed, open };
});

const crawl = defineWorkflow(
  "crawl",
  { version: "1" },
  (input: Input<{ url: string }>) =>
    repeatUntil(start(input.url), (state) => follow(state, mapSettled(state.item("open"), read)), {
      until: ({ open }) => open.length === 0,
      maxIterations: 20,
    }),
);

/** When the site was asked in the last second, and how often it has answered 429. */
const asked: number[] = [];
let tooMany = 0;
let answers = 0;
const pages = new Map(Object.entries(site));

await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
  while ((asked[0] ?? Infinity) < Date.now() - 1_000) asked.shift();
  if (asked.length >= 20) {
    tooMany++;
    return new Response("Slow down.", { status: 429, headers: { "retry-after": "1" } });
  }
  asked.push(Date.now());
  const page = pages.get(new URL(url).pathname);
  if (page === undefined) return new Response("There is no such page.", { status: 404 });
  return ++answers % 7 === 0 ? new Response("Try again.", { status: 503 }) : new Response(page);
});

const url = `http://127.0.0.1:${server.addr.port}/`;
const found = await new LocalWorkflow(crawl, { input: { url } }).run();
for (const { title, url, links } of found.pages) {
  console.log(`${new URL(url).pathname.padEnd(10)}${title.padEnd(18)}${links.length} links`);
}
console.log(`${found.pages.length} pages, and ${found.failed.map((url) => new URL(url).pathname).join(", ")} is gone.`);
console.log(`The site had to say ${tooMany} times that it was asked too often.`);
