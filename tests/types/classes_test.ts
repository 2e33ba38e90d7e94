import { type Instance, type Node, type NodeItem, nodeOf, task, type TaskOf, type TupleNode } from "@fusewire/fusewire";
import { refused, typeOf } from "./type_of.ts";

class Base {
  describe(): string {
    return "base";
  }
}
class Account extends Base {
  static count = 0;
  static open(): Account {
    return new Account("x");
  }
  readonly owner: string;
  #balance = 0;
  private secret = 1;
  protected guarded = 2;
  constructor(owner: string, opening?: number) {
    super();
    this.owner = owner;
    this.#balance = opening ?? 0;
  }
  deposit(amount: number): number {
    return this.#balance += amount;
  }
  async history(...days: number[]): Promise<string[]> {
    return await Promise.resolve(days.map(String));
  }
  bounds(): [low: number, high: number] {
    return [this.secret, this.guarded];
  }
  get balance(): number {
    return this.#balance;
  }
  private audit(): void {}
  protected check(): void {
    this.audit();
  }
  convert(amount: number): string;
  convert(amount: string): number;
  convert(amount: number | string): string | number {
    return typeof amount === "number" ? String(amount) : Number(amount);
  }
  wrap<T>(value: T): T[] {
    return [value];
  }
}
class Stack<T> {
  readonly items: T[] = [];
  push(item: T): number {
    return this.items.push(item);
  }
}

const Opened = task(Account);
const account = Opened("ada", 1);
const number = task(() => 1, { name: "number" });

Deno.test("A class gives instances whose method calls are nodes", () => {
  typeOf(account).is<Instance<Account>>();
  typeOf(account.deposit(1)).is<Node<number>>();
  typeOf(account.deposit(account.deposit(1))).is<Node<number>>();
  typeOf(account.history(1, number())).is<Node<string[]>>();
  typeOf(account.describe()).is<Node<string>>();
  typeOf(account.wrap(number())).is<Node<unknown[]>>();
  const [low, high] = account.bounds();
  typeOf(low).is<NodeItem<number>>();
  typeOf(high).is<NodeItem<number>>();
  typeOf(account.bounds()).is<TupleNode<[low: number, high: number]>>();
  typeOf(account.convert(1)).is<Node<string>>();
  typeOf(account.convert("1")).is<Node<number>>();
  typeOf(Opened(task(() => "ada")(), number())).is<Instance<Account>>();
  refused(() => {
    // @ts-expect-error: the amount is a number
    account.deposit("1");
    // @ts-expect-error: the amount is missing
    account.deposit();
    // @ts-expect-error: the owner is a string
    Opened(1);
    // @ts-expect-error: the owner is missing
    Opened();
    // @ts-expect-error: the days are numbers
    account.history("monday");
    // @ts-expect-error: none of the overloads
    account.convert(true);
  });
});

Deno.test("Private and protected members, statics, fields and accessors are not there", () => {
  refused(() => {
    // @ts-expect-error: private
    account.audit();
    // @ts-expect-error: protected
    account.check();
    // @ts-expect-error: private
    account.secret;
    // @ts-expect-error: static
    account.open();
    // @ts-expect-error: static
    Opened.count;
    // @ts-expect-error: a field has no value before a run
    account.owner;
    // @ts-expect-error: an accessor neither
    account.balance;
    // @ts-expect-error: no such method
    account.close();
    // @ts-expect-error: an instance is not a node
    account.item("owner");
    // @ts-expect-error: the builder is no constructor
    new Opened("ada");
  });
});

Deno.test("An instance is an argument and a target like a node of the object", () => {
  const owner = task((of: Account) => of.owner, { name: "owner" });
  typeOf(owner(account)).is<Node<string>>();
  const all = task((of: Account[]) => of.length, { name: "all" });
  typeOf(all([account, Opened("b")])).is<Node<number>>();
  typeOf(nodeOf(account)).is<Node<Account>>();
  typeOf(nodeOf(account).item("owner")).is<NodeItem<string>>();
  refused(() => {
    // @ts-expect-error: another class
    owner(task(Base)());
    // @ts-expect-error: a node of a number is no instance of a class
    nodeOf(1);
    // @ts-expect-error: a plain object is not the class
    owner({ owner: "ada" });
  });
});

Deno.test("A class of a type parameter, and one annotated with TaskOf", () => {
  const numbers = task(Stack<number>)();
  typeOf(numbers.push(number())).is<Node<number>>();
  const Annotated: TaskOf<typeof Account> = task(Account);
  typeOf(Annotated("a").deposit(1)).is<Node<number>>();
  refused(() => {
    // @ts-expect-error: a stack of numbers
    numbers.push("a");
    // @ts-expect-error: the annotation knows the parameters too
    Annotated(1);
  });
});
