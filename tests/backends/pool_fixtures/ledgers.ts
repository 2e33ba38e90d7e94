/** Classes whose objects live in a worker, and tasks that use them. */
import { task } from "@fusewire/fusewire";

class Base {
  protected total = 0;
  constructor(start: number) {
    this.total = start;
  }
  add(n: number): number {
    return this.total += n;
  }
  thread(): string {
    return self.name;
  }
}
export class Ledger extends Base {
  readonly #notes: string[] = [];
  note(text: string): number {
    return this.#notes.push(text);
  }
  async addLater(n: number): Promise<number> {
    const before = this.total;
    await new Promise((resolve) => setTimeout(resolve, 2));
    return this.total = before + n;
  }
  /** Reads another object directly. */
  take(from: Ledger): number {
    return this.total += from.total;
  }
  crash(): number {
    return Deno.exit(1);
  }
  refuse(): number {
    throw new RangeError("refused");
  }
  get notes(): string {
    return this.#notes.join();
  }
}
export const makeLedger = task(Ledger);
export const makeDotted = task(Ledger, { name: "a.b.c" });

/** Takes another object where it is made. */
export class Mirror {
  constructor(readonly of: Ledger) {}
  look(): string {
    return this.of.notes;
  }
}
export const makeMirror = task(Mirror);

export const readNotes = task(function readNotes(ledger: Ledger): string {
  return ledger.notes;
});
export const readAll = task(function readAll(ledgers: { list: Ledger[] }): string {
  return ledgers.list.map(({ notes }) => notes).join("|");
});

const alive: WeakRef<object>[] = [];
class Big {
  readonly data = new Uint8Array(1000);
  constructor() {
    alive.push(new WeakRef(this));
  }
  size(): number {
    return this.data.length;
  }
}
export const makeBig = task(Big);
