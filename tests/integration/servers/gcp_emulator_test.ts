import { expect } from "@std/expect";
import { exists } from "@std/fs";
import { startGcpEmulator, withoutGcpEmulator } from "./gcp_emulator.ts";
import { beginUpload, getObject } from "./gcs_requests.ts";

Deno.test({
  name: "gcp-storage-emulator says how much of an upload it has, and ends with its data",
  ignore: withoutGcpEmulator,
  async fn() {
    let folder: string, url: string;
    {
      await using server = await startGcpEmulator();
      ({ folder, url } = server);
      await server.createBucket("results");
      const session = await beginUpload(url, "results", "a");
      expect(session).toContain(`${url}/`);
      const put = async (range: string, size: number) => {
        const headers = { "content-range": `bytes ${range}` };
        const answer = await fetch(session, { method: "PUT", headers, body: new Uint8Array(size).fill(97) });
        await answer.body?.cancel();
        return [answer.status, answer.headers.get("range")];
      };
      const part = 256 * 1024;
      expect(await put(`0-${part - 1}/*`, part)).toEqual([308, `bytes=0-${part - 1}`]);
      expect(await put("*/*", 0)).toEqual([308, `bytes=0-${part - 1}`]);
      expect((await put(`${part}-${part + 2}/${part + 3}`, 3))[0]).toBe(200);
      expect(await getObject(url, "results", "a")).toBe("a".repeat(part + 3));
    }
    expect(await exists(folder)).toBe(false);
    await expect(fetch(url)).rejects.toThrow(TypeError);
  },
});
