/**
 * Access tokens for a service account, by a signed statement of who it is (RFC 7523).
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { ConfigError, PermissionError } from "../../../src/errors.ts";
import { AgainError, Transport } from "../http/transport.ts";
import { textOf } from "./answers.ts";
import type { GcsToken } from "./tokens.ts";

/** What is needed of the JSON file of a service account's key. Its other fields do no harm. */
export interface GcsServiceAccount {
  /** Its address: `name@project.iam.gserviceaccount.com`. */
  readonly client_email: string;
  /** Its private key in PEM (PKCS #8). */
  readonly private_key: string;
  /**
   * Where tokens are given out.
   *
   * @default {"https://oauth2.googleapis.com/token"}
   */
  readonly token_uri?: string;
}

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** How long a token is asked for, in seconds: the longest that there is. */
const LIFETIME = 3600;

/** Reads the key of a service account, gives tokens for it. */
export class ServiceAccountTokens {
  readonly #account: GcsServiceAccount | string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  #signing: Promise<{ readonly account: GcsServiceAccount; readonly key: CryptoKey }> | undefined;

  /** @param account The account, or the path of its JSON file, which is read when the first token is asked for. */
  constructor(account: GcsServiceAccount | string, transport: Transport, clock: Clock) {
    this.#account = account;
    this.#transport = transport;
    this.#clock = clock;
  }

  /**
   * Gets a token.
   *
   * @throws {ConfigError} If the file can not be read or is none of a service account.
   * @throws {PermissionError} If the account is refused.
   */
  async token(): Promise<GcsToken> {
    const { account, key } = await (this.#signing ??= this.#prepare());
    const address = account.token_uri ?? "https://oauth2.googleapis.com/token";
    return await this.#transport.send({
      doing: `get an access token for ${account.client_email} from ${address}`,
      request: async (signal) =>
        new Request(address, {
          method: "POST",
          body: new URLSearchParams({ grant_type: GRANT, assertion: await this.#assertion(account, address, key) }),
          redirect: "manual",
          signal,
        }),
      receive: (response) => this.#receive(response, account, address),
    });
  }

  async #prepare(): Promise<{ account: GcsServiceAccount; key: CryptoKey }> {
    try {
      const account = typeof this.#account === "string" ? await readAccount(this.#account) : checked(this.#account);
      return { account, key: await importKey(account) };
    } catch (error) {
      // The file may be there the next time.
      this.#signing = undefined;
      throw error;
    }
  }

  async #assertion(account: GcsServiceAccount, address: string, key: CryptoKey): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1000);
    const claims = { iss: account.client_email, scope: SCOPE, aud: address, iat: now, exp: now + LIFETIME };
    const signed = [{ alg: "RS256", typ: "JWT" }, claims].map((part) => {
      return new TextEncoder().encode(JSON.stringify(part)).toBase64(URL_SAFE);
    }).join(".");
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, new TextEncoder().encode(signed));
    return `${signed}.${new Uint8Array(signature).toBase64(URL_SAFE)}`;
  }

  async #receive(response: Response, account: GcsServiceAccount, address: string): Promise<GcsToken> {
    const text = await textOf(response);
    if (Transport.isTemporary(response.status)) throw this.#transport.again(response, "");
    const answer = parsed(text);
    if (!response.ok) {
      throw new PermissionError(
        `${address} gives no access token to the service account ${account.client_email}: it answered ${response.status}, ${
          String(answer["error"] ?? "without a reason")
        } (${
          String(answer["error_description"] ?? "no description")
        }). Check that the key is still valid, and the clock of this machine.`,
      );
    }
    const { access_token: token, expires_in: seconds } = answer;
    if (typeof token !== "string" || typeof seconds !== "number") {
      throw new AgainError(`the answer of ${address} has no \`access_token\` and \`expires_in\``);
    }
    return { token, expiresAt: this.#clock.now() + seconds * 1000 };
  }
}

const URL_SAFE = { alphabet: "base64url", omitPadding: true } as const;

async function readAccount(path: string): Promise<GcsServiceAccount> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The file of the service account ${path} can not be read: ${detail}.`, { cause: error });
  }
  return checked(parsed(text), `The file ${path}`);
}

/** The fields of a JSON object; none if it is something else. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function checked(
  { client_email, private_key, token_uri }: { client_email?: unknown; private_key?: unknown; token_uri?: unknown },
  source = "The option `serviceAccount`",
): GcsServiceAccount {
  if (typeof client_email !== "string" || typeof private_key !== "string" || client_email === "") {
    throw new ConfigError(
      `${source} is no key of a service account: that is JSON with \`client_email\` and \`private_key\`.`,
    );
  }
  if (token_uri !== undefined && (typeof token_uri !== "string" || !URL.canParse(token_uri))) {
    throw new ConfigError(`${source} has a \`token_uri\` that is no URL.`);
  }
  return { client_email, private_key, ...(token_uri === undefined ? {} : { token_uri }) };
}

async function importKey({ client_email, private_key }: GcsServiceAccount): Promise<CryptoKey> {
  const [, base64] =
    /^\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/.exec(private_key) ?? [];
  try {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    return await crypto.subtle.importKey("pkcs8", Uint8Array.fromBase64(base64 ?? ""), algorithm, false, ["sign"]);
  } catch {
    // Without the cause: nobody knows what of the key is in its message.
    throw new ConfigError(
      `The \`private_key\` of the service account ${client_email} is no RSA key in PEM that begins with "-----BEGIN PRIVATE KEY-----".`,
    );
  }
}
