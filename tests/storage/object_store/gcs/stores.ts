import { GcsObjectStore } from "../../../../storage/object_store/gcs/gcs_object_store.ts";
import type { GcsObjectStoreOptions } from "../../../../storage/object_store/gcs/options.ts";
import { FakeGcsApi, type FakeGcsOptions } from "./fake_gcs_api.ts";
import { HastyClock } from "./hasty_clock.ts";

/** The size of parts in tests: the smallest there is. */
export const PART = 256 * 1024;

/** A store over a fake of the API, and the fake. */
export function storeOnFake(
  fake: FakeGcsOptions = {},
  options: Partial<GcsObjectStoreOptions> = {},
): { readonly store: GcsObjectStore; readonly api: FakeGcsApi; readonly clock: HastyClock } {
  const api = new FakeGcsApi(fake);
  const clock = new HastyClock();
  const store = new GcsObjectStore({
    bucket: "tests",
    endpoint: "https://storage.googleapis.com",
    token: "secret-token",
    partBytes: PART,
    fetch: api.fetch,
    clock,
    ...options,
  });
  return { store, api, clock };
}

/** Bytes as a stream of pieces that have nothing to do with parts. */
export function streamed(bytes: Uint8Array<ArrayBuffer>, pieceBytes = 70_001): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}
