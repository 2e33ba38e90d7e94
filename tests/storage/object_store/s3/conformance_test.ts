import { startVersitygw, withoutVersitygw } from "../../../integration/servers/versitygw.ts";
import { s3Conformance } from "./conformance.ts";
import { SharedServer } from "./stores.ts";
import { VersitygwStore } from "./versitygw_store.ts";

const server = new SharedServer(startVersitygw);
Deno.test.afterAll(() => server.stop());

s3Conformance("S3ObjectStore on versitygw", server, VersitygwStore, { ignore: withoutVersitygw, hostileKeys: 100 });
