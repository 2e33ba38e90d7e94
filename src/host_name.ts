/**
 * The name of this machine, as far as the process may know it.
 *
 * @module
 */

let host: string | undefined;

/** The name of the machine; empty where the process may not ask for it. */
export function hostName(): string {
  return host ??= Deno.permissions.querySync({ name: "sys", kind: "hostname" }).state === "granted"
    ? Deno.hostname()
    : "";
}
