import { expect } from "@std/expect";
import { exists } from "@std/fs";
import { startFakeGcs, withoutFakeGcs } from "./fake_gcs.ts";
import { beginUpload, getObject, putObject } from "./gcs_requests.ts";
import { startToxiproxy, withoutToxiproxy } from "./toxiproxy.ts";

const ignore = withoutFakeGcs;

Deno.test({
  name: "fake-gcs-server keeps objects, refuses a wrong precondition, and ends with its data",
  ignore,
  async fn() {
    let folder: string, url: string;
    {
      await using server = await startFakeGcs();
      ({ folder, url } = server);
      await server.createBucket("results");
      expect(await putObject(url, "results", "a/b", "one", "&ifGenerationMatch=0")).toBe(200);
      expect(await putObject(url, "results", "a/b", "two", "&ifGenerationMatch=0")).toBe(412);
      expect(await getObject(url, "results", "a/b")).toBe("one");
      await expect(server.createBucket("results")).rejects.toThrow("answered 409");
    }
    expect(await exists(folder)).toBe(false);
    await expect(fetch(url)).rejects.toThrow(TypeError);
  },
});

Deno.test({
  name: "fake-gcs-server hands out addresses of the proxy that was asked",
  ignore: ignore || withoutToxiproxy,
  async fn() {
    await using server = await startFakeGcs();
    await server.createBucket("results");
    await using toxiproxy = await startToxiproxy();
    const proxy = await toxiproxy.proxy(server.url);
    const session = await beginUpload(proxy.url, "results", "a");
    expect(session).toContain(`${proxy.url}/upload/`);
    const answer = await fetch(session, { method: "PUT", body: new TextEncoder().encode("one") });
    await answer.body?.cancel();
    expect(await getObject(proxy.url, "results", "a")).toBe("one");
  },
});
