import { expect } from "@std/expect";
import { startFakeGcs, withoutFakeGcs } from "../integration/servers/fake_gcs.ts";
import { startVersitygw, withoutVersitygw } from "../integration/servers/versitygw.ts";
import { runIn, withCopy } from "./copied_examples.ts";

/** What the example says on any store, but for what was stored before. */
const FACTS = [
  "1200 × 1720 points, 173.00 m in the middle",
  "80–100 m: 5.0 %",
  "100–120 m: 19.2 %",
  "120–140 m: 37.2 %",
  "140–160 m: 34.9 %",
  "160–180 m: 39.6 %",
  "180–200 m: 28.6 %",
  "a durable run says the same: true",
];

/** The example runs twice on the store that a file names, and reads in the second process what the first has stored. */
async function runTwice(folder: string, config: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const lines = async () => {
    return (await runIn(folder, env, "stores.ts", `examples/stores/${config}`)).trimEnd().split("\n");
  };
  const nodes = ["elevation_0000", "terrain_0000", "steepness_0000"];
  expect(await lines()).toEqual([...nodes.map((node) => `${node}: run`), ...FACTS]);
  const [elevation, ...others] = await lines();
  expect(elevation).toMatch(/^elevation_0000: (stored|unneeded)$/);
  expect(others).toEqual(["terrain_0000: stored", "steepness_0000: stored", ...FACTS]);
}

Deno.test("stores says the same on a folder, and the second run reads what the first stored", () =>
  withCopy((folder) => runTwice(folder, "file.yaml")));

Deno.test("stores says the same on Deno KV", () => withCopy((folder) => runTwice(folder, "kv.yaml")));

Deno.test({
  name: "stores says the same on a real S3 server",
  ignore: withoutVersitygw,
  fn: () =>
    withCopy(async (folder) => {
      await using server = await startVersitygw();
      await server.createBucket("volcano");
      const { accessKeyId, secretAccessKey } = server.credentials;
      await runTwice(folder, "s3.yaml", {
        VOLCANO_BUCKET: "volcano",
        VOLCANO_ENDPOINT: server.url,
        AWS_REGION: server.region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      });
    }),
});

Deno.test({
  name: "stores says the same on a real server of the Google Cloud Storage API",
  ignore: withoutFakeGcs,
  fn: () =>
    withCopy(async (folder) => {
      await using server = await startFakeGcs();
      await server.createBucket("volcano");
      await runTwice(folder, "gcs.yaml", { VOLCANO_BUCKET: "volcano", VOLCANO_ENDPOINT: server.url });
    }),
});
