/** How {@linkcode shrink} goes about it. */
export interface ShrinkOptions<T> {
  /** Simpler things that a decision may be replaced by, the simplest first. */
  readonly simpler?: (decision: T) => readonly T[];
  /**
   * How often `fails` may be called.
   *
   * @default {1000}
   */
  readonly maxRuns?: number;
}

/** What {@linkcode shrink} has found. */
export interface Shrunk<T> {
  /** The shortest list that fails, of those that were tried. */
  readonly decisions: readonly T[];
  /** How often `fails` was called. */
  readonly runs: number;
}

/**
 * Searches for a short list of decisions that still fails, by leaving out halves, quarters and so on down to single ones, as long
 * as it goes on failing, and then by simplifying those that are left: delta debugging.
 *
 * @param decisions A list that fails.
 * @param fails Whether a list fails.
 *
 * @example Two of a hundred are to blame
 * ```ts
 * import { shrink } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * const numbers = Array.from({ length: 100 }, (_, i) => i);
 * const { decisions } = await shrink(numbers, (tried) => tried.includes(17) && tried.includes(71));
 * expect(decisions).toEqual([17, 71]);
 * ```
 */
export async function shrink<T>(
  decisions: readonly T[],
  fails: (decisions: readonly T[]) => boolean | Promise<boolean>,
  { simpler = () => [], maxRuns = 1000 }: ShrinkOptions<T> = {},
): Promise<Shrunk<T>> {
  let found = [...decisions];
  let runs = 0;
  const accept = async (tried: T[]): Promise<boolean> => {
    if (runs === maxRuns) return false;
    runs++;
    if (!await fails(tried)) return false;
    found = tried;
    return true;
  };
  if (found.length > 0 && await accept([])) return { decisions: found, runs };
  for (let size = Math.ceil(found.length / 2); size >= 1;) {
    let shorter = false;
    for (let at = 0; at < found.length;) {
      // What is left out makes room for what followed it.
      if (await accept(found.toSpliced(at, size))) shorter = true;
      else at += size;
    }
    // Only when no single one can be left out is there nothing more to find.
    if (size > 1 || !shorter) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  for (let at = 0; at < found.length; at++) {
    for (let again = true; again;) {
      again = false;
      for (const candidate of found.slice(at, at + 1).flatMap((decision) => [...simpler(decision)])) {
        if (!await accept(found.with(at, candidate))) continue;
        again = true;
        break;
      }
    }
  }
  return { decisions: found, runs };
}
