/** Definitions whose steps are found by the threads of a durable worker. */
import { context, defineWorkflow, type Input, task } from "@fusewire/fusewire";

const square = task(function square(n: number): number {
  return n * n;
});
const describe = task(function describe(values: readonly number[], day: Date): string {
  return `${values.join()} on ${day.toISOString().slice(0, 10)} in ${self.name.split("-")[0]}`;
});

/** A crowd, then one that reads them all. */
export const squares = defineWorkflow("squares", { version: "1" }, (input: Input<{ count: Date }>) => {
  const values = Array.from({ length: 20 }, (_, n) => square(n));
  return [describe(values, input.count), values[19]!] as const;
});

const endless = task(function endless(): number {
  while (true);
});
const total = task(function total(a: number, b: number): number {
  return a + b;
});

/** An endless loop beside steps that go on. */
export const stuck = defineWorkflow("stuck", { version: "1" }, () => {
  const lost = endless().with({ timeout: 200 });
  let chain = total(1, 0);
  for (let i = 0; i < 20; i++) chain = total(chain, 1);
  return [chain, lost] as const;
});

/** Ends its thread at the first attempt. */
const crashes = task(function crashes(): number {
  const { attempt } = context();
  if (attempt < 3) Deno.exit(1);
  return attempt;
});

/** A step whose thread ends twice; with three attempts it goes well. */
export const crashing = defineWorkflow("crashing", { version: "1" }, () =>
  crashes().with({
    retry: {
      maxAttempts: 3,
      initialDelay: 0,
      retryIf: (error) => error instanceof Error && error.name === "WorkerLostError",
    },
  }));

/** The same, with one attempt. */
export const crashed = defineWorkflow("crashed", { version: "1" }, () => crashes());

/** Waits for the other one of two, and blocks its thread meanwhile. */
const meets = task(function meets(name: string): { readonly from: number; readonly to: number; readonly name: string } {
  const from = Date.now();
  while (Date.now() < from + 300);
  return { from, to: Date.now(), name: `${name} on ${self.name}` };
});

/** Two steps that keep a core busy. */
export const meeting = defineWorkflow("meeting", { version: "1" }, () => [meets("a"), meets("b")] as const);

class Account {
  #sum: number;
  readonly #friends: Account[] = [];
  constructor(start: number) {
    this.#sum = start;
  }
  add(n: number): number {
    return this.#sum += n;
  }
  async addLater(n: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return this.#sum += n;
  }
  befriend(friend: Account): number {
    return this.#friends.push(friend);
  }
  /** What it and its friends have, and of whom each of those is a friend. */
  wealth(): number {
    return this.#friends.reduce((sum, { sum: own }) => sum + own, this.#sum);
  }
  get sum(): number {
    return this.#sum;
  }
  /** Ends its thread at the first attempt. */
  crashOnce(): number {
    if (context().attempt === 1) Deno.exit(1);
    return this.#sum;
  }
  thread(): string {
    return self.name;
  }
}
const makeAccount = task(Account);
const audit = task(function audit(account: Account): string {
  return `${account.sum} in ${self.name}`;
});
const retry = { retry: { maxAttempts: 2, initialDelay: 0 } };

/** Calls on one object, and a step that is given it. */
export const accounts = defineWorkflow("accounts", { version: "1" }, () => {
  const account = makeAccount(square(3));
  const sums = [account.add(1), account.addLater(square(2)), account.add(6)];
  return [...sums, account.thread(), audit(account).after(sums[2]!)] as const;
});

/** Objects that know each other, and lose their thread. */
export const friends = defineWorkflow("friends", { version: "1" }, () => {
  const [a, b] = [makeAccount(1), makeAccount(10)];
  const met = [a.befriend(b), b.befriend(a)];
  const added = b.add(5).after(...met);
  a.add(100);
  const crash = a.crashOnce().with(retry).after(added);
  return [crash, a.wealth(), b.wealth().after(crash)] as const;
});

/** An instance that is to leave its thread. */
export const leaving = defineWorkflow("leaving", { version: "1" }, () => makeAccount(1));

/** A step whose function is made while the graph is built, over what is there then. */
export function closingOver(secret: number) {
  return defineWorkflow("closing over", { version: "1" }, () => task(() => secret, { name: "tells" })());
}

const wide = task(function wide(n: number): { readonly n: number; readonly pid: number; readonly thread: string } {
  const end = Date.now() + 20;
  while (Date.now() < end);
  return { n, pid: Deno.pid, thread: self.name };
});

/** A crowd that is worth sharing. */
export const crowd = defineWorkflow("crowd", { version: "1" }, () => Array.from({ length: 24 }, (_, n) => wide(n)));
