import { expect } from "@std/expect";
import { startDenokv, withoutDenokv } from "../integration/servers/denokv.ts";
import { sweep } from "./sweep.ts";

/**
 * Every third commit, each before and after: the same rules as on a file, where every one has its turn, so that here it is about
 * replies that are lost on the way, and time counts.
 */
const EVERY = 3;

for (const how of ["drive", "serve"] as const) {
  Deno.test({
    name: `a run on denokv survives kill -9 before and after every third commit: ${how}`,
    ignore: withoutDenokv,
    async fn() {
      await using server = await startDenokv();
      const folder = await Deno.makeTempDir({ prefix: "fusewire-crash-" });
      try {
        // Deno's client tells on stderr of each try to reach a server, and the sweep wants nothing there.
        const env = { DENO_KV_ACCESS_TOKEN: server.token, DENO_LOG: "off" };
        const { commits, killed } = await sweep({ kv: server.url, folder, how, every: EVERY, env });
        expect(commits).toBeGreaterThan(10);
        expect(killed).toBeGreaterThan(2 * commits / EVERY - 6);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
