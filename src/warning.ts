/**
 * Warnings go to the logging library's category `fusewire`, never to the console. The library is loaded with the first message.
 *
 * @module
 */

/** How serious a message is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a message is about, as properties that a sink can filter by; `run` is an id, the others are names. */
export interface LogPlace {
  readonly workflow?: string;
  readonly run?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly error?: unknown;
}

let queue: Promise<unknown> = Promise.resolve();

/** Logs a message in the category `fusewire`, or one below it; messages keep their order. */
export function log(
  level: LogLevel,
  below: readonly string[],
  message: string,
  properties: Record<string, unknown> = {},
): void {
  queue = queue.then(async () => {
    const { getLogger } = await import("@logtape/logtape");
    getLogger(["fusewire", ...below])[level](message, properties);
  });
}

/** Warns of something that is not as it should be, where Fusewire goes on. What stands in braces is text, and names no property. */
export function warn(message: string, place: LogPlace = {}, below: readonly string[] = []): void {
  log("warn", below, message.replaceAll("{", "{{").replaceAll("}", "}}"), { ...place });
}
