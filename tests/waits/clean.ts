/**
 * Tests that leave nothing behind: no timer, no promise of the system.
 *
 * @module
 */

/** Registers a test after which no timer may be left. */
export function cleanTest(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn: body });
}

/** Lets everything go on that waits on promises and on turns of the event loop. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}
