/**
 * Names that are like one that does not exist, for messages.
 *
 * @module
 */

/** How many names are told. */
const MOST_TOLD = 3;
/** So many names are compared at most: a message is not worth more. */
const MOST_COMPARED = 20_000;

/** The end of a sentence that tells which names are near, or which there are: `; did you mean "a" or "b"?`. */
export function nearNames(wanted: string, names: readonly string[]): string {
  const far = Math.max(2, Math.ceil(wanted.length / 3));
  const near = names.slice(0, MOST_COMPARED)
    .map((name) => ({ name, distance: isWithin(wanted, name) ? 1 : distance(wanted, name, far) }))
    .filter(({ distance }) => distance <= far)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_TOLD);
  if (near.length > 0) return `; did you mean ${near.map(({ name }) => JSON.stringify(name)).join(" or ")}?`;
  const some = names.slice(0, MOST_TOLD).map((name) => JSON.stringify(name)).join(", ");
  return `; it has ${names.length === 0 ? "no steps" : `${some}${names.length > MOST_TOLD ? ", …" : ""}`}.`;
}

/** Whether one begins with the other, as the name of a task begins the names of its nodes. */
function isWithin(a: string, b: string): boolean {
  return a !== "" && (b.startsWith(a) || a.startsWith(b));
}

/** How many letters have to be changed, added or left out to make one text the other; more than `most` counts as `most + 1`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}
