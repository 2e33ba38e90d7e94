/**
 * Every object store there is, for tests of what stands on one: in memory, in a folder, on Deno KV, on a real S3 server and on a real server of
 * the Google Cloud Storage API.
 *
 * @module
 */
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { GcsObjectStore } from "../../../storage/object_store/gcs/gcs_object_store.ts";
import { KvObjectStore } from "../../../storage/object_store/kv/kv_object_store.ts";
import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import type { ObjectStore } from "../../../storage/object_store/object_store.ts";
import { S3ObjectStore } from "../../../storage/object_store/s3/s3_object_store.ts";
import { startFakeGcs, withoutFakeGcs } from "../../integration/servers/fake_gcs.ts";
import { startVersitygw, withoutVersitygw } from "../../integration/servers/versitygw.ts";
import { temporaryFolder } from "../folders.ts";

/** A store for one test. */
export interface OpenedStore extends AsyncDisposable {
  /** The store, empty. */
  readonly objects: ObjectStore;
  /** Another store over the same objects, as a new process would have it; in memory the same one. */
  again(): ObjectStore;
}

/** One kind of store. */
export interface StoreUnderTest {
  /** The kind, for names of tests. */
  readonly name: string;
  /** Whether it can not be tried here; `deno task test` lists the suites. */
  readonly ignore: boolean;
  /** Opens an empty one. */
  open(): Promise<OpenedStore>;
}

const BUCKET = "tests";
let prefixes = 0;

/** The servers that the tests of a file share. Each store has a prefix of its own. */
class Servers {
  #s3: Awaited<ReturnType<typeof startVersitygw>> | undefined;
  #gcs: Awaited<ReturnType<typeof startFakeGcs>> | undefined;

  async start(): Promise<void> {
    if (!withoutVersitygw) {
      this.#s3 = await startVersitygw();
      await this.#s3.createBucket(BUCKET);
    }
    if (!withoutFakeGcs) {
      this.#gcs = await startFakeGcs();
      await this.#gcs.createBucket(BUCKET);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#s3?.[Symbol.asyncDispose](), this.#gcs?.[Symbol.asyncDispose]()]);
  }

  openS3(): Promise<OpenedStore> {
    const { url: endpoint, region, credentials } = started(this.#s3);
    const prefix = `test-${prefixes++}`;
    return opened(() => new S3ObjectStore({ bucket: BUCKET, prefix, endpoint, region, credentials }));
  }

  openGcs(): Promise<OpenedStore> {
    const { url: endpoint } = started(this.#gcs);
    const prefix = `test-${prefixes++}`;
    return opened(() => new GcsObjectStore({ bucket: BUCKET, prefix, endpoint }));
  }
}

function started<T>(server: T | undefined): T {
  if (server === undefined) throw new Error("The server was not started.");
  return server;
}

function opened(again: () => ObjectStore, close: () => Promise<void> = () => Promise.resolve()): Promise<OpenedStore> {
  return Promise.resolve({ objects: again(), again, [Symbol.asyncDispose]: close });
}

/** Every kind of store. Call it once at the top of a test file: the servers of all its tests are started before the first and stopped after the last. */
export function everyStore(): readonly StoreUnderTest[] {
  const servers = new Servers();
  Deno.test.beforeAll(() => servers.start());
  Deno.test.afterAll(() => servers.stop());
  return [
    {
      name: "memory",
      ignore: false,
      open: () => {
        const store = new MemoryObjectStore();
        return opened(() => store);
      },
    },
    {
      name: "file",
      ignore: false,
      open: async () => {
        const folder = await temporaryFolder();
        const path = `${folder.path}/store`;
        return await opened(() => new FileObjectStore({ path }), async () => {
          await folder[Symbol.asyncDispose]();
        });
      },
    },
    {
      name: "KV",
      ignore: false,
      open: async () => {
        const folder = await temporaryFolder();
        const kv = await Deno.openKv(`${folder.path}/objects.sqlite`);
        return await opened(() => new KvObjectStore({ kv }), async () => {
          kv.close();
          await folder[Symbol.asyncDispose]();
        });
      },
    },
    { name: "S3", ignore: withoutVersitygw, open: () => servers.openS3() },
    { name: "GCS", ignore: withoutFakeGcs, open: () => servers.openGcs() },
  ];
}
