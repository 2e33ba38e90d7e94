/**
 * All that a store does with the service, loaded by its first call.
 *
 * @module
 */
import { keepApart } from "../http/folder_rule.ts";
import { Changes } from "./changes.ts";
import { GcsClient } from "./client.ts";
import { Downloads } from "./downloads.ts";
import { Listing } from "./listing.ts";
import { infoOf } from "./object_resource.ts";
import type { ObjectInfo } from "../object_store.ts";
import { sendForOthers } from "./requests_of_others.ts";
import type { GcsSettings } from "./settings.ts";
import { Uploads } from "./uploads.ts";

/** What can be done with the objects of one store. */
export class GcsOperations {
  /** Reading. */
  readonly downloads: Downloads;
  /** Putting. */
  readonly uploads: Uploads;
  /** Listing and looking. */
  readonly listing: Listing;
  /** Copying and removing. */
  readonly changes: Changes;
  readonly #client: GcsClient;

  /** Opens nothing. */
  constructor(settings: GcsSettings) {
    const client = new GcsClient(settings);
    this.#client = client;
    this.downloads = new Downloads(client);
    this.uploads = new Uploads(client);
    this.listing = new Listing(client, this.downloads);
    this.changes = new Changes(client);
  }

  /** Sends a request of others. */
  async fetch(name: string, init: RequestInit): Promise<Response> {
    return await sendForOthers(this.#client, name, init);
  }

  /** What is known of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.listing.look(key);
    return found === undefined ? undefined : infoOf(key, found);
  }

  /** Refuses a key that lies below an object, or has objects below it. */
  async keepApart(key: string): Promise<void> {
    await keepApart(key, {
      has: async (above) => await this.listing.look(above) !== undefined,
      hasBelow: (prefix) => this.listing.hasBelow(prefix),
    });
  }
}
