/**
 * Lists objects, page by page.
 *
 * @module
 */
import type { XmlElement } from "@rgrove/parse-xml";
import { ConfigError } from "../../../src/errors.ts";
import { compareKeys, isKey } from "../../keys.ts";
import { AgainError } from "../http/transport.ts";
import type { S3Client } from "./client.ts";
import { childrenOf, textOfChild } from "./xml.ts";

/** An object of a list. */
export interface Listed {
  readonly key: string;
  readonly size: number;
}

/** One answer to a request for a list. */
interface Page {
  readonly objects: readonly Listed[];
  /** What to ask for the next with. */
  readonly next: string | undefined;
}

/**
 * Lists the objects whose keys begin with `prefix`, in the order of their UTF-8 bytes. What others put under names that are no keys, such as
 * `folder/`, is left out.
 *
 * @param pageSize The most objects of one page.
 * @throws {ConfigError} If the server lists in another order from one page to the next.
 */
export async function* pagesOf(client: S3Client, prefix: string, pageSize: number): AsyncGenerator<Listed[], void> {
  let token: string | undefined;
  let last: string | undefined;
  do {
    const page: Page = await pageAfter(client, prefix, pageSize, token);
    if (page.next !== undefined && page.next === token) {
      throw unordered(client, "it gives the same page again and again");
    }
    token = page.next;
    const objects = page.objects.filter(({ key }) => key.startsWith(prefix) && isKey(key))
      .sort((a, b) => compareKeys(a.key, b.key));
    const first = objects[0];
    if (first === undefined) continue;
    if (last !== undefined && compareKeys(last, first.key) >= 0) {
      throw unordered(client, `${JSON.stringify(first.key)} came on a page after ${JSON.stringify(last)}`);
    }
    last = objects.at(-1)?.key;
    yield objects;
  } while (token !== undefined);
}

async function pageAfter(
  client: S3Client,
  prefix: string,
  pageSize: number,
  token: string | undefined,
): Promise<Page> {
  const query = {
    ...(token === undefined ? {} : { "continuation-token": token }),
    "encoding-type": "url",
    "list-type": "2",
    "max-keys": String(pageSize),
    prefix: client.place.nameOf(prefix),
  };
  const doing = prefix === "" ? "list its objects" : `list the objects below ${JSON.stringify(prefix)}`;
  return await client.sendForXml({ doing, method: "GET", query }, (root) => readPage(root, client.place.prefix));
}

function readPage(root: XmlElement, storePrefix: string): Page {
  if (root.name !== "ListBucketResult") throw new AgainError(`it answered with <${root.name}> in place of a list`);
  const decode = textOfChild(root, "EncodingType") === "url" ? decoded : (name: string) => name;
  const objects: Listed[] = [];
  for (const element of childrenOf(root, "Contents")) {
    const name = decode(textOfChild(element, "Key") ?? "");
    const size = Number(textOfChild(element, "Size") ?? NaN);
    if (name === "" || !Number.isSafeInteger(size)) throw new AgainError("it listed an object without a key or a size");
    if (name.startsWith(storePrefix)) objects.push({ key: name.slice(storePrefix.length), size });
  }
  if (textOfChild(root, "IsTruncated") !== "true") return { objects, next: undefined };
  const next = textOfChild(root, "NextContinuationToken");
  if (next === undefined || next === "") throw new AgainError("it listed a part, and does not say how to go on");
  return { objects, next };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    throw new AgainError(`it listed the name ${JSON.stringify(name)}, which is not encoded as it says`);
  }
}

function unordered(client: S3Client, what: string): ConfigError {
  return new ConfigError(
    `The store ${client.place.place} can not be listed: the server does not list keys in the order of their UTF-8 bytes, as S3 ` +
      `does (${what}). Use a server that does.`,
  );
}
