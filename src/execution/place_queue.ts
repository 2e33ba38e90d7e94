/**
 * A queue of places, the least first. Places mostly become ready in ascending order, which a plain list keeps; only those that
 * do not go through a binary heap.
 *
 * @module
 */

/** Room at first: small enough for V8 to keep it with other small things. */
const FIRST = 16;

/** Places in a graph, of which the least is taken first. */
export class PlaceQueue {
  #ascending = new Int32Array(FIRST);
  #first = 0;
  #end = 0;
  #heap = new Int32Array(FIRST);
  #heapSize = 0;

  /** Adds a place. */
  push(place: number): void {
    if (this.#first === this.#end) this.#first = this.#end = 0;
    if (this.#first < this.#end && this.#ascending[this.#end - 1]! > place) return this.#pushHeap(place);
    if (this.#end === this.#ascending.length) this.#ascending = longer(this.#ascending);
    this.#ascending[this.#end++] = place;
  }

  /** Takes the least place; −1 if there is none. */
  pop(): number {
    const hasNext = this.#first < this.#end;
    if (this.#heapSize > 0 && (!hasNext || this.#heap[0]! < this.#ascending[this.#first]!)) return this.#popHeap();
    return hasNext ? this.#ascending[this.#first++]! : -1;
  }

  #pushHeap(place: number): void {
    if (this.#heapSize === this.#heap.length) this.#heap = longer(this.#heap);
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]! <= place) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = place;
  }

  #popHeap(): number {
    const heap = this.#heap;
    const least = heap[0]!;
    const size = --this.#heapSize;
    const moved = heap[size]!;
    let at = 0;
    for (let below = 1; below < size; below = 2 * at + 1) {
      if (below + 1 < size && heap[below + 1]! < heap[below]!) below++;
      if (heap[below]! >= moved) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = moved;
    return least;
  }
}

function longer(places: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * places.length);
  copy.set(places);
  return copy;
}
