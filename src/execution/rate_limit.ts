/**
 * Rate limits in one process: the turns of all of its runs.
 *
 * @module
 */
import { TurnsInMemory } from "../../storage/runtime/rate_limit.ts";

/** The turns that runs in this process have taken. Durable runs take theirs from their store. */
export const turns: TurnsInMemory = new TurnsInMemory();
