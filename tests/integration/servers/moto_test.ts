import { expect } from "@std/expect";
import { exists } from "@std/fs";
import { startMoto, withoutMoto } from "./moto.ts";

/** It does not check signatures, but wants to see one. */
const headers = {
  authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
};

Deno.test({
  name: "moto holds a key beside one below it, and ends with its data",
  ignore: withoutMoto,
  async fn() {
    let folder: string, url: string;
    {
      await using server = await startMoto();
      ({ folder, url } = server);
      await server.createBucket("results");
      for (const key of ["a", "a/b", "a//b", "a/b/"]) {
        const body = new TextEncoder().encode(key);
        const answer = await fetch(`${server.url}/results/${key}`, { method: "PUT", headers, body });
        await answer.body?.cancel();
        expect(answer.status).toBe(200);
      }
      for (const key of ["a", "a/b", "a//b", "a/b/"]) {
        expect(await (await fetch(`${server.url}/results/${key}`, { headers })).text()).toBe(key);
      }
      await expect(server.createBucket("b")).rejects.toThrow("moto answered 400");
    }
    expect(await exists(folder)).toBe(false);
    await expect(fetch(url)).rejects.toThrow(TypeError);
  },
});
