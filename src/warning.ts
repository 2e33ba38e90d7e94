/**
 * Warnings go to the logging library's category `fusewire`, never to the console. The library is loaded with the first message.
 *
 * @module
 */

/** How serious a message is. */
export type LogLevel = "debug" | "info" | "warn" | "error";

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
