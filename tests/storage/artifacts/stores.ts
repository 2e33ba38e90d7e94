/**
 * The artifact stores that every test of artifacts runs on.
 *
 * @module
 */
import {
  type ArtifactStore,
  GCSArtifactStore,
  KvArtifactStore,
  LocalArtifactStore,
  MemoryArtifactStore,
  S3ArtifactStore,
} from "@fusewire/fusewire";
import { MemoryKv } from "../../../testing/memory_kv.ts";
import { startFakeGcs, withoutFakeGcs } from "../../integration/servers/fake_gcs.ts";
import { startVersitygw, withoutVersitygw } from "../../integration/servers/versitygw.ts";
import { temporaryFolder } from "../folders.ts";

/** An empty artifact store, and what to do with what it stands on after the test. */
type Opened = readonly [artifacts: ArtifactStore, close?: () => Promise<void>];

/** How to open one kind of store. */
interface Kind {
  /** Opens an empty one. */
  readonly open: () => Promise<Opened>;
  /** Whether the server that it needs is not here. */
  readonly ignore?: boolean;
}

const s3 = shared(startVersitygw);
const gcs = shared(startFakeGcs);
Deno.test.afterAll(async () => {
  await s3.stop();
  await gcs.stop();
});

/** Every kind of store, by the name of its class. A new one is a line here. */
const KINDS: Readonly<Record<string, Kind>> = {
  MemoryArtifactStore: { open: () => Promise.resolve([new MemoryArtifactStore()]) },
  LocalArtifactStore: {
    open: async () => {
      const folder = await temporaryFolder();
      return [
        new LocalArtifactStore({ path: `${folder.path}/store` }),
        async () => await folder[Symbol.asyncDispose](),
      ];
    },
  },
  KvArtifactStore: {
    open: () => {
      const kv = new MemoryKv();
      return Promise.resolve([new KvArtifactStore({ kv }), () => Promise.resolve(kv.close())]);
    },
  },
  S3ArtifactStore: {
    ignore: withoutVersitygw,
    open: async () => {
      const { bucket, server: { url, region, credentials } } = await s3.bucket();
      return [new S3ArtifactStore({ bucket, endpoint: url, region, credentials })];
    },
  },
  GCSArtifactStore: {
    ignore: withoutFakeGcs,
    open: async () => {
      const { bucket, server: { url } } = await gcs.bucket();
      return [new GCSArtifactStore({ bucket, endpoint: url, prefix: "" })];
    },
  },
};

/** Registers a test for each kind of store. */
export function testArtifacts(name: string, body: (artifacts: ArtifactStore) => Promise<void>): void {
  for (const [kind, { open, ignore = false }] of Object.entries(KINDS)) {
    Deno.test({
      name: `${kind}: ${name}`,
      ignore,
      // A server outlives the test that started it.
      sanitizeResources: false,
      sanitizeOps: false,
      fn: async () => {
        const [artifacts, close] = await open();
        try {
          await body(artifacts);
        } finally {
          await close?.();
        }
      },
    });
  }
}

/** Keys of all objects of a store, the catalog's too. */
export async function keysOf({ objects }: ArtifactStore): Promise<string[]> {
  return await Array.fromAsync(objects.list(), ({ key }) => key);
}

interface Server extends AsyncDisposable {
  readonly createBucket: (name: string) => Promise<void>;
}

/** A server for all tests of a file, started by the first that needs it, which gives each a bucket of its own. */
function shared<T extends Server>(start: () => Promise<T>) {
  let starting: Promise<T> | undefined;
  let buckets = 0;
  return {
    async bucket(): Promise<{ readonly bucket: string; readonly server: T }> {
      const server = await (starting ??= start());
      const bucket = `artifacts-${++buckets}`;
      await server.createBucket(bucket);
      return { bucket, server };
    },
    async stop(): Promise<void> {
      await (await starting)?.[Symbol.asyncDispose]();
    },
  };
}
