import { expectForkAfterKill } from "../processes/killed_and_forked.ts";
import { startDenokv, withoutDenokv } from "../servers/denokv.ts";

Deno.test({
  name: "A run on denokv whose process was killed is forked by another process, and taken to another store",
  ignore: withoutDenokv,
  fn: async () => {
    await using server = await startDenokv();
    Deno.env.set("DENO_KV_ACCESS_TOKEN", server.token);
    await expectForkAfterKill(server.url, { DENO_KV_ACCESS_TOKEN: server.token, DENO_LOG: "off" });
  },
});
