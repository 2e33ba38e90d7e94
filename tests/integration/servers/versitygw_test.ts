import { expect } from "@std/expect";
import { exists } from "@std/fs";
import { startVersitygw, withoutVersitygw } from "./versitygw.ts";

const ignore = withoutVersitygw;

Deno.test({
  name: "versitygw refuses who does not sign, and makes buckets that survive a kill",
  ignore,
  async fn() {
    await using server = await startVersitygw();
    await server.createBucket("results");
    const anonymous = async () => {
      const answer = await fetch(`${server.url}/results/a`, { method: "PUT", body: new Uint8Array(3) });
      return [answer.status, await answer.text()];
    };
    expect(await anonymous()).toEqual([403, expect.stringContaining("<Code>AccessDenied</Code>")]);
    await server.kill();
    await server.restart();
    expect(await anonymous()).toEqual([403, expect.stringContaining("<Code>AccessDenied</Code>")]);
    await expect(server.createBucket("results")).rejects.toThrow(/could not `create-bucket .*BucketAlreadyOwnedByYou/);
  },
});

Deno.test({
  name: "versitygw knows strangers, who have names of their own",
  ignore,
  async fn() {
    await using server = await startVersitygw();
    const strangers = [await server.createStranger(), await server.createStranger()];
    expect(new Set([server.credentials, ...strangers].map((one) => one.accessKeyId)).size).toBe(3);
  },
});

Deno.test({
  name: "two versitygw servers at once have their own ports and data, which are gone afterwards",
  ignore,
  async fn() {
    const folders: string[] = [];
    {
      await using one = await startVersitygw();
      await using two = await startVersitygw();
      expect(one.url).not.toBe(two.url);
      await one.createBucket("results");
      await two.createBucket("results");
      folders.push(one.folder, two.folder);
    }
    for (const folder of folders) expect(await exists(folder)).toBe(false);
  },
});
