import { expect } from "@std/expect";
import { defineWorkflow, GraphError, type Input, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

/** What was called in this process, and whether the call named `stuck` never ends. */
const log: string[] = [];
let stuck: string | undefined;

class Account {
  #sum: number;
  constructor(start: number) {
    log.push(`new ${start}`);
    this.#sum = start;
  }
  async add(n: number): Promise<number> {
    log.push(`add ${n}`);
    if (stuck === `add ${n}`) await new Promise(() => {});
    return this.#sum += n;
  }
  total(): number {
    log.push("total");
    return this.#sum;
  }
}
const makeAccount = task(Account);
const audit = task((account: Account, label: string) => `${label}: ${account.total()}`, { name: "audit" });
const double = task((n: number) => 2 * n, { name: "double" });

const accounts = defineWorkflow("accounts", { version: "1" }, (input: Input<{ start: number }>) => {
  const account = makeAccount(input.start);
  const first = account.add(1);
  const second = account.add(double(first));
  const third = account.add(5);
  return [first, second, third, audit(account, "sum").after(third)];
});

onEachStorage("Calls on an object run in program order on one live object", async (world) => {
  log.length = 0;
  await using process = await world.process();
  expect(await process.runtime.run(accounts, { start: 10 })).toEqual([11, 33, 38, "sum: 38"]);
  expect(log).toEqual(["new 10", "add 1", "add 22", "add 5", "total"]);
});

onEachStorage(
  "After a crash the constructor and the committed calls are replayed in order, and no other",
  async (world) => {
    log.length = 0;
    stuck = "add 5";
    const first = await world.process();
    const run = await first.runtime.start(accounts, { start: 10 });
    new Serving(first, [accounts]).done.catch(() => {});
    await until(() => log.at(-1) === "add 5");
    first.kill();
    expect(log.splice(0)).toEqual(["new 10", "add 1", "add 22", "add 5"]);
    stuck = undefined;
    await using second = await world.process();
    await using _serving = new Serving(second, [accounts]);
    await world.skip(20_000);
    expect(await second.runtime.attach(run.id).result()).toEqual([11, 33, 38, "sum: 38"]);
    expect(log).toEqual(["new 10", "add 1", "add 22", "add 5", "total"]);
  },
);

onEachStorage(
  "An object that is made of another's values, and one that is given to another, are replayed too",
  async (world) => {
    class Bank {
      readonly #accounts: Account[] = [];
      open(account: Account): number {
        log.push("open");
        return this.#accounts.push(account);
      }
      sum(): number {
        log.push("sum");
        if (stuck === "sum") throw new RangeError("stuck");
        return this.#accounts.reduce((sum, account) => sum + account.total(), 0);
      }
    }
    const makeBank = task(Bank);
    const definition = defineWorkflow("bank", { version: "1" }, () => {
      const [one, two] = [makeAccount(1), makeAccount(2)];
      const bank = makeBank();
      const opened = [bank.open(one), bank.open(two)];
      return bank.sum().after(...opened, two.add(40));
    });
    log.length = 0;
    stuck = "sum";
    await using first = await world.process();
    await expect(first.runtime.run(definition, undefined, { id: "bank" })).rejects.toThrow("stuck");
    stuck = undefined;
    await using second = await world.process();
    await second.runtime.get("bank").retry();
    expect(await second.runtime.run(definition, undefined, { id: "bank" })).toBe(43);
  },
);

onEachStorage(
  "Objects that were given to each other are replayed together, in the order of their calls",
  async (world) => {
    let isStuck = true;
    class Friend {
      readonly seen: string[] = [];
      readonly #friends: Friend[] = [];
      constructor(readonly name: string) {}
      meet(friend: Friend): number {
        friend.seen.push(this.name);
        return this.#friends.push(friend);
      }
      tell(): string {
        if (isStuck) throw new RangeError("not yet");
        return `${this.name} was met by ${this.seen.join()}, and met ${this.#friends.map(({ seen }) => seen.join())}`;
      }
    }
    const makeFriend = task(Friend);
    const definition = defineWorkflow("friends", { version: "1" }, () => {
      const [a, b] = [makeFriend("a"), makeFriend("b")];
      const met = [a.meet(b), b.meet(a)];
      return [a.tell().after(...met), b.tell().after(...met)];
    });
    const first = await world.process();
    await expect(first.runtime.run(definition, undefined, { id: "friends" })).rejects.toThrow("not yet");
    await first[Symbol.asyncDispose]();
    isStuck = false;
    await using second = await world.process();
    await second.runtime.get("friends").retry();
    expect(await second.runtime.run(definition, undefined, { id: "friends" })).toEqual([
      "a was met by b, and met a",
      "b was met by a, and met b",
    ]);
  },
);

onEachStorage("A replayed call that fails now fails the step that needs the object, and says which", async (world) => {
  let isBroken = false;
  let fails = true;
  class Fragile {
    constructor() {
      if (isBroken) throw new RangeError("broken");
    }
    use(): number {
      if (fails) throw new RangeError("not yet");
      return 1;
    }
  }
  const makeFragile = task(Fragile);
  const definition = defineWorkflow("fragile", { version: "1" }, () => makeFragile().use());
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "fragile" })).rejects.toThrow("not yet");
  [isBroken, fails] = [true, false];
  await process.runtime.get("fragile").retry();
  const error: unknown = await process.runtime.run(definition, undefined, { id: "fragile" }).catch((error) => error);
  expect(String(error)).toContain("`Fragile.use_0000`");
  expect(String(error)).toContain("could not be made again");
  isBroken = false;
  await process.runtime.get("fragile").retry();
  expect(await process.runtime.run(definition, undefined, { id: "fragile" })).toBe(1);
});

onEachStorage("An object as a target is there where it was made, and nowhere else", async (world) => {
  const definition = defineWorkflow("target", { version: "1" }, () => {
    const account = makeAccount(3);
    account.add(4);
    return [account, account.add(5)];
  });
  await using process = await world.process();
  const [account, sum] = await process.runtime.run(definition, undefined, { id: "target" });
  expect(account).toBeInstanceOf(Account);
  expect([sum, account.total()]).toEqual([12, 12]);
  await using other = await world.process();
  await expect(other.runtime.get("target").result()).rejects.toThrow(GraphError);
});
