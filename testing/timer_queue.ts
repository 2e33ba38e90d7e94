/** What is due at some time. */
export interface Due {
  /** When, in milliseconds. */
  readonly at: number;
  /** Which of those due at the same time is first: the smallest. */
  readonly rank: number;
  /** Which of those with the same rank is first: the smallest. */
  readonly order: number;
}

function before(a: Due, b: Due): boolean {
  return a.at !== b.at ? a.at < b.at : a.rank !== b.rank ? a.rank < b.rank : a.order < b.order;
}

/** What is due, the soonest first: a binary heap. */
export class TimerQueue<T extends Due> {
  readonly #heap: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** The soonest. */
  peek(): T | undefined {
    return this.#heap[0];
  }

  /** Adds one. */
  push(item: T): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || before(parent, item)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = item;
  }

  /** Takes the soonest out. */
  pop(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const item = heap.pop();
    if (item === undefined || item === first) return first;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const rightFirst = right !== undefined && before(right, left);
      const child = rightFirst ? right : left;
      if (before(item, child)) break;
      heap[at] = child;
      at = 2 * at + (rightFirst ? 2 : 1);
    }
    heap[at] = item;
    return first;
  }
}
