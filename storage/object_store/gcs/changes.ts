/**
 * How objects are copied and removed.
 *
 * @module
 */
import { NotFoundError } from "../../../src/errors.ts";
import { inParallel } from "../../in_parallel.ts";
import { AgainError } from "../http/transport.ts";
import type { GcsClient } from "./client.ts";

/** Copies and removes objects. */
export class Changes {
  readonly #client: GcsClient;

  /** Does so by this client. */
  constructor(client: GcsClient) {
    this.#client = client;
  }

  /**
   * Copies an object within the service, with all that is kept beside it. A large one takes several requests, and is there after the last.
   *
   * @throws {NotFoundError} If there is none under `from`.
   */
  async copy(from: string, to: string): Promise<void> {
    let rewriteToken: string | undefined;
    do rewriteToken = await this.#rewrite(from, to, rewriteToken); while (rewriteToken !== undefined);
  }

  /** Removes an object; silent if there is none. */
  async delete(key: string): Promise<void> {
    const doing = `remove the object ${JSON.stringify(key)}`;
    await this.#client.send({
      doing,
      method: "DELETE",
      url: this.#client.urls.object(key),
      take: async (response) => {
        const answer = await this.#client.errorOf(response);
        if (response.ok) return;
        if (response.status !== 404) throw this.#client.refusalOf(doing, answer);
        if (!await this.#client.hasBucket(answer)) throw this.#client.missingBucket();
      },
    });
  }

  /** Removes many objects, several at once. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    await inParallel(keys, this.#client.settings.concurrency, (key) => this.delete(key));
  }

  /** Makes one request. Gives the token of the next one, if there has to be one. */
  async #rewrite(from: string, to: string, rewriteToken: string | undefined): Promise<string | undefined> {
    const doing = `copy the object ${JSON.stringify(from)} to ${JSON.stringify(to)}`;
    return await this.#client.send({
      doing,
      method: "POST",
      url: this.#client.urls.rewrite(from, to, { rewriteToken, fields: "done,rewriteToken" }),
      body: new Uint8Array(0),
      take: async (response) => {
        if (response.ok) {
          const { done, rewriteToken: next } = await this.#client.jsonOf(response);
          if (done === true) return undefined;
          if (typeof next === "string" && next !== "") return next;
          throw new AgainError("the answer says neither that the copy is done nor how it goes on");
        }
        if (response.status !== 404) throw await this.#client.refusal(doing, response);
        if (!await this.#client.hasBucket(await this.#client.errorOf(response))) throw this.#client.missingBucket();
        throw new NotFoundError(`There is no object ${JSON.stringify(from)} ${this.#client.settings.place}.`);
      },
    });
  }
}
