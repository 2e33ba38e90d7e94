/**
 * Where the service is.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";

/** Where the service is if nothing else is said. */
const GOOGLE = "https://storage.googleapis.com";

/**
 * The address of the service without a "/" at its end: what is given, else what the environment variable `STORAGE_EMULATOR_HOST` says, as the
 * clients of Google read it, else the one of Google.
 *
 * @throws {ConfigError} If it is no address of a server.
 */
export function endpointOf(given: string | undefined): string {
  if (given !== undefined) return checked(given, "option `endpoint`");
  const emulator = variable("STORAGE_EMULATOR_HOST");
  if (emulator === undefined) return GOOGLE;
  return checked(
    emulator.includes("://") ? emulator : `http://${emulator}`,
    "environment variable STORAGE_EMULATOR_HOST",
  );
}

/** Whether it is Google's own service, which nobody may use without credentials. */
export function isGoogle(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" && /(?:^|\.)googleapis\.com$/.test(hostname);
}

/** A variable of the environment; `undefined` if it is not set, is empty or may not be read. */
export function variable(name: string): string | undefined {
  try {
    const value = Deno.env.get(name);
    return value === "" ? undefined : value;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

function checked(address: string, source: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // What is refused is not shown: it may have a password in it.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new ConfigError(
      `The ${source} can not be used: it has to be the address of a server that begins with http:// or https://, ` +
        "without a user in it.",
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new ConfigError(`The ${source} can not be used: it has to be an address without "?" and "#".`);
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}
