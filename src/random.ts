/**
 * Random numbers that come out the same for the same seed: sfc32 (Chris Doty-Humphrey, PractRand), seeded by an
 * FNV-1a-like hash of a text.
 *
 * @module
 */

/** A generator of numbers from 0 up to but not including 1, the same for the same `seed` in every process. */
export function seededRandom(seed: string): () => number {
  let hash = 0x811c9dc5;
  const word = (): number => {
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^= hash >>> 16) >>> 0;
  };
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  let [a, b, c, counter] = [word(), word(), word(), 1];
  const next = (): number => {
    const t = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}
