/**
 * The addresses of the JSON API.
 *
 * @module
 */

/** What is asked for, beside the path. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Addresses within one bucket. */
export class GcsUrls {
  readonly #endpoint: string;
  readonly #bucket: string;
  readonly #root: string;

  /** @param root What the names of all objects begin with. */
  constructor(endpoint: string, bucket: string, root: string) {
    this.#endpoint = endpoint;
    this.#bucket = bucket;
    this.#root = root;
  }

  /** The name of the object under a key. */
  name(key: string): string {
    return this.#root + key;
  }

  /** The key of an object; `undefined` if it is none of this store. */
  key(name: string): string | undefined {
    return name.startsWith(this.#root) ? name.slice(this.#root.length) : undefined;
  }

  /** One object. */
  object(key: string, query: Query = {}): string {
    return `${this.#objects("storage")}/${this.#segment(key)}${text(query)}`;
  }

  /** All objects. */
  list(query: Query): string {
    return this.#objects("storage") + text(query);
  }

  /** Where new objects are sent to. */
  upload(query: Query): string {
    return this.#objects("upload/storage") + text(query);
  }

  /** A copy of one object under another key. */
  rewrite(from: string, to: string, query: Query): string {
    return `${this.#objects("storage")}/${this.#segment(from)}/rewriteTo/b/${this.#bucket}/o/${this.#segment(to)}${
      text(query)
    }`;
  }

  /** Whether an address is at the same server, so that it may be sent the token. */
  isOwn(url: string): boolean {
    return new URL(url).origin === new URL(this.#endpoint).origin;
  }

  #objects(api: string): string {
    return `${this.#endpoint}/${api}/v1/b/${this.#bucket}/o`;
  }

  /** The name as one segment. What is left of a dot alone would be taken for a step in the path. */
  #segment(key: string): string {
    return encodeURIComponent(this.name(key));
  }
}

function text(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    return value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
