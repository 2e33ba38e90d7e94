/**
 * Names of crons, and what is named after them: the tag of their runs, and the id of the run of each tick, by which a tick makes one run.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/**
 * Checks a name by the rule of Deno.cron.
 *
 * @throws {ConfigError} If it can not be used.
 */
export function checkCronName(name: string): void {
  if (typeof name === "string" && /^[\w\- \t\n\f\r]{1,64}$/.test(name) && /\S/.test(name)) return;
  throw new ConfigError(
    `The name ${
      JSON.stringify(name)
    } of a cron is refused: it has 1 to 64 letters of the English alphabet, digits, spaces, \`_\` and \`-\`.`,
  );
}

/** The tag of the runs of a cron; it fits into a URL as it is. */
export function cronTag(name: string): string {
  return `cron-${name.replaceAll(" ", ".").replaceAll(/\s/g, (space) => `~${space.charCodeAt(0).toString(16)}`)}`;
}

/** The id of the run of a tick. Those of one cron sort by their due times. */
export function tickId(tag: string, due: number): string {
  return `${tag}-${new Date(due).toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
}

/** The due time of the tick that a run is of, by its id. */
export function dueOf(runId: string): number {
  const [, date, hour, minute, second] = /(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(runId) ?? [];
  return Date.parse(`${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}T${hour}:${minute}:${second}Z`);
}
