import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import { startMoto, withoutMoto } from "../../../integration/servers/moto.ts";
import { s3Conformance } from "./conformance.ts";
import { SharedServer } from "./stores.ts";

const server = new SharedServer(startMoto);
Deno.test.afterAll(() => server.stop());

s3Conformance("S3ObjectStore on moto", server, S3ObjectStore, { ignore: withoutMoto, hostileKeys: 50 });
