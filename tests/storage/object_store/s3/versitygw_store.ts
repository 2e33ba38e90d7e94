/**
 * A store on versitygw that bridges where that server differs from S3.
 *
 * @module
 */
import type { ObjectInfo } from "../../../../storage/object_store/object_store.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";

/** Longer segments versitygw does not replace: it finds no room for the name of its temporary file, and says that they are folders. */
const LONGEST_REPLACED = 200;

/** A store on versitygw. */
export class VersitygwStore extends S3ObjectStore {
  /** Looks until two looks agree: while an object is replaced, versitygw answers with the size of one and the metadata of the other. */
  override async head(key: string): Promise<ObjectInfo | undefined> {
    for (let last = await super.head(key);;) {
      const next = await super.head(key);
      if (JSON.stringify(next) === JSON.stringify(last)) return next;
      last = next;
    }
  }

  /** Removes first what has a long segment. */
  override async copy(from: string, to: string): Promise<void> {
    if (to.split("/").some((segment) => new TextEncoder().encode(segment).length > LONGEST_REPLACED)) {
      await this.delete(to);
    }
    await super.copy(from, to);
  }
}
