import type { Heartbeat } from "../storage/runtime/engine_storage.ts";
import { never } from "./storage_faults.ts";

/** A heartbeat that ends with its process. */
export async function heartbeatUntil(
  death: AbortSignal,
  open: () => Promise<Heartbeat | undefined> | undefined,
): Promise<Heartbeat | undefined> {
  if (death.aborted) return await never();
  const heartbeat = await open();
  const stop = (): void => void heartbeat?.[Symbol.asyncDispose]();
  if (death.aborted) {
    stop();
    return await never();
  }
  death.addEventListener("abort", stop, { once: true });
  return heartbeat;
}

/** A bell that nobody hears when its process is dead, nor that it is over. */
export function bellUntil(death: AbortSignal, rings: AsyncIterable<void> | undefined): AsyncIterable<void> | undefined {
  return rings === undefined ? undefined : heard(death, rings);
}

async function* heard(death: AbortSignal, rings: AsyncIterable<void>): AsyncGenerator<void> {
  for await (const ring of rings) {
    if (death.aborted) break;
    yield ring;
  }
  if (death.aborted) await never();
}
