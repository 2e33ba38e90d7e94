import { expect } from "@std/expect";
import { exists } from "@std/fs";
import { programOf } from "../../../scripts/servers/server.ts";
import { moto } from "../../../scripts/servers/table.ts";
import { withoutMoto } from "./moto.ts";
import { type S3Credentials, type S3Server, startVersitygw, withoutVersitygw } from "./versitygw.ts";

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
  name: "versitygw serves the SDK of AWS, but neither strangers nor who signs wrongly",
  ignore: ignore || withoutMoto,
  async fn() {
    await using server = await startVersitygw();
    await server.createBucket("results");
    const { credentials } = server;
    const outcomes = await withSdk(server, [
      credentials,
      await server.createStranger(),
      await server.createStranger(),
      { ...credentials, secretAccessKey: "another" },
      { ...credentials, accessKeyId: "nobody" },
    ]);
    expect(outcomes).toEqual(["one", "AccessDenied", "AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId"]);
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

/** Puts and gets an object by boto3, which is there because moto needs it. Gives its text, or the code of the refusal, for each. */
async function withSdk({ url, region }: S3Server, credentials: readonly S3Credentials[]): Promise<string[]> {
  const script = `
import boto3, botocore.exceptions, json, sys
def outcome(one):
    s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name=sys.argv[2],
                      aws_access_key_id=one["accessKeyId"], aws_secret_access_key=one["secretAccessKey"])
    try:
        s3.put_object(Bucket="results", Key="a", Body=b"one")
        return s3.get_object(Bucket="results", Key="a")["Body"].read().decode()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
for one in json.loads(sys.argv[3]):
    print(outcome(one))
`;
  const args = ["-I", "-c", script, url, region, JSON.stringify(credentials)];
  const { stdout, stderr } = await new Deno.Command(programOf(moto), { args }).output();
  return (new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).trimEnd().split("\n");
}
