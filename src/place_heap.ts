/**
 * A binary heap of places, the least first.
 *
 * @module
 */

/** Places in a graph, of which the least is taken first. */
export class PlaceHeap {
  #places = new Int32Array(64);
  #length = 0;

  /** Adds a place. */
  push(place: number): void {
    if (this.#length === this.#places.length) {
      const longer = new Int32Array(2 * this.#length);
      longer.set(this.#places);
      this.#places = longer;
    }
    const places = this.#places;
    let at = this.#length++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (places[above]! <= place) break;
      places[at] = places[above]!;
      at = above;
    }
    places[at] = place;
  }

  /** Takes the least place; −1 if there is none. */
  pop(): number {
    if (this.#length === 0) return -1;
    const places = this.#places;
    const least = places[0]!;
    const length = --this.#length;
    const moved = places[length]!;
    let at = 0;
    for (let below = 1; below < length; below = 2 * at + 1) {
      if (below + 1 < length && places[below + 1]! < places[below]!) below++;
      if (places[below]! >= moved) break;
      places[at] = places[below]!;
      at = below;
    }
    places[at] = moved;
    return least;
  }
}
