/**
 * How objects are listed, and looked for.
 *
 * @module
 */
import { NotFoundError } from "../../../src/errors.ts";
import { isKey } from "../../keys.ts";
import { inParallel } from "../../in_parallel.ts";
import { AgainError } from "../http/transport.ts";
import type { ListedObject } from "../object_store.ts";
import { isRecord } from "./answers.ts";
import type { GcsClient } from "./client.ts";
import type { Downloads } from "./downloads.ts";
import { FIELDS, isDigits, type ObjectResource, resourceOf } from "./object_resource.ts";

/** How many objects a page has at most. */
const PAGE = 1000;

interface Page {
  readonly objects: readonly { readonly key: string; readonly size: number }[];
  readonly next: string | undefined;
}

/** Lists objects. */
export class Listing {
  readonly #client: GcsClient;
  readonly #downloads: Downloads;

  /** Lists them by this client. */
  constructor(client: GcsClient, downloads: Downloads) {
    this.#client = client;
    this.#downloads = downloads;
  }

  /** Objects whose keys begin with a prefix, in pages. */
  async *pages(prefix: string, headBytes: number): AsyncGenerator<readonly ListedObject[], void> {
    let token: string | undefined;
    do {
      const { objects, next } = await this.#page(prefix, token, PAGE);
      const page = headBytes > 0 ? await this.#withHeads(objects, headBytes) : objects;
      if (page.length > 0) yield page;
      token = next;
    } while (token !== undefined);
  }

  /** Whether there is any object whose key begins so. */
  async hasBelow(prefix: string): Promise<boolean> {
    let token: string | undefined;
    do {
      const { objects, next } = await this.#page(prefix, token, 1);
      if (objects.length > 0) return true;
      token = next;
    } while (token !== undefined);
    return false;
  }

  /** What the service knows of an object; `undefined` if there is none. */
  async look(key: string): Promise<ObjectResource | undefined> {
    const doing = `look at the object ${JSON.stringify(key)}`;
    return await this.#client.send({
      doing,
      url: this.#client.urls.object(key, { fields: FIELDS }),
      take: async (response) => {
        if (response.ok) return resourceOf(await this.#client.jsonOf(response), this.#client.urls.name(key));
        if (response.status !== 404) throw await this.#client.refusal(doing, response);
        if (!await this.#client.hasBucket(await this.#client.errorOf(response))) throw this.#client.missingBucket();
        return undefined;
      },
    });
  }

  async #page(prefix: string, pageToken: string | undefined, maxResults: number): Promise<Page> {
    const { urls } = this.#client;
    const name = urls.name(prefix);
    const doing = `list the objects whose keys begin with ${JSON.stringify(prefix)}`;
    const fields = "items(name,size),nextPageToken";
    return await this.#client.send({
      doing,
      url: urls.list({ prefix: name === "" ? undefined : name, maxResults, pageToken, fields }),
      take: async (response) => {
        if (!response.ok) throw await this.#client.refusal(doing, response);
        const { items = [], nextPageToken: next } = await this.#client.jsonOf(response);
        if (!Array.isArray(items) || next !== undefined && (typeof next !== "string" || next === pageToken)) {
          throw new AgainError("the answer is no page of a list");
        }
        const objects = items.map((item: unknown) => {
          const { name: found, size } = isRecord(item) ? item : {};
          if (typeof found !== "string" || !found.startsWith(name) || !isDigits(size)) {
            throw new AgainError(
              `the answer lists something else than objects whose names begin with ${JSON.stringify(name)}`,
            );
          }
          return { key: urls.key(found) ?? "", size: Number(size) };
        });
        // Names that are no keys are of others, such as the "folders" of the web console.
        return { objects: objects.filter(({ key }) => isKey(key)), next: next === "" ? undefined : next };
      },
    });
  }

  /** The objects with their beginnings, but for those that were removed meanwhile. */
  async #withHeads(objects: Page["objects"], headBytes: number): Promise<readonly ListedObject[]> {
    const listed: (ListedObject | undefined)[] = [];
    await inParallel(objects.entries(), this.#client.settings.concurrency, async ([i, { key }]) => {
      listed[i] = await this.#withHead(key, headBytes);
    });
    return listed.filter((object) => object !== undefined);
  }

  async #withHead(key: string, headBytes: number): Promise<ListedObject | undefined> {
    try {
      const { size, bytes } = await this.#downloads.begin(key, 0, headBytes);
      return { key, size, head: bytes };
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }
}
