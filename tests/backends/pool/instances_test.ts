import { expect } from "@std/expect";
import { GraphError, LocalWorkflow, nodeOf, PoolWorkflow, StepFailedError, WorkerLostError } from "@fusewire/fusewire";
import { add } from "../pool_fixtures/arithmetic.ts";
import { makeDotted, makeLedger, makeMirror, readAll, readNotes } from "../pool_fixtures/ledgers.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "instances", workers: 3 };

poolTest("Calls on an instance run in program order on one live object, in one worker", async () => {
  const ledger = makeLedger(add(1, 1));
  const targets = [
    ledger.thread(),
    ledger.add(1),
    ledger.addLater(10),
    ledger.addLater(100),
    ledger.add(add(500, 500)),
    ledger.thread(),
  ] as const;
  const [first, ...rest] = await new PoolWorkflow(targets, options).run();
  expect(first).toMatch(/^fusewire-/);
  expect(rest).toEqual([3, 13, 113, 1113, first]);
});

poolTest("Instances are spread over the workers, and each keeps its own state", async () => {
  const ledgers = [makeLedger(0), makeLedger(100), makeDotted(200)];
  const threads = ledgers.map((ledger) => ledger.thread());
  const sums = ledgers.map((ledger, i) => ledger.add(i));
  const results = await new PoolWorkflow([...threads, ...sums], options).run();
  expect(new Set(results.slice(0, 3)).size).toBe(3);
  expect(results.slice(3)).toEqual([0, 101, 202]);
});

poolTest("An instance as an argument takes its call to its worker, at any depth", async () => {
  const ledger = makeLedger(0);
  ledger.note("a");
  ledger.note("b");
  const other = makeLedger(0);
  other.note("c");
  const targets = [readNotes(ledger), readAll({ list: [ledger, other] }), makeMirror(other).look()];
  expect(await new PoolWorkflow(targets, options).run()).toEqual(["a,b", "a,b|c", "c"]);
  expect(await new LocalWorkflow(targets, options).run()).toEqual(["a,b", "a,b|c", "c"]);
});

poolTest("Instances that meet in a call share a worker, others do not", async () => {
  const [a, b, c, d] = [makeLedger(1), makeLedger(2), makeLedger(3), makeLedger(4)];
  const meeting = b.take(a);
  const later = c.take(b);
  const threads = [a.thread(), b.thread(), c.thread(), d.thread()];
  const [sum, sums, ...where] = await new PoolWorkflow([meeting, later, ...threads], options).run();
  expect([sum, sums]).toEqual([3, 6]);
  expect(where[0]).toBe(where[1]);
  expect(where[0]).toBe(where[2]);
  expect(where[0]).not.toBe(where[3]);
});

poolTest("Two runs of one graph have objects of their own, also at the same time", async () => {
  const ledger = makeLedger(0);
  const sums = [ledger.add(1), ledger.addLater(1), ledger.add(1)];
  const pool = new PoolWorkflow(sums, { ...options, workers: 1 });
  expect(await Promise.all([pool.run(), pool.run(), pool.run()])).toEqual([[1, 2, 3], [1, 2, 3], [1, 2, 3]]);
});

poolTest("An object is let go with its last reader, before the run ends", async () => {
  const { postMessage } = Worker.prototype;
  const said: string[] = [];
  Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]): void {
    const [message] = args;
    if (typeof message === "object" && message !== null && "type" in message) {
      const node = "context" in message && typeof message.context === "object" && message.context !== null &&
          "nodeName" in message.context
        ? ` ${message.context.nodeName}`
        : "";
      said.push(`${message.type}${node}`);
    }
    Reflect.apply(postMessage, this, args);
  };
  try {
    const ledger = makeLedger(0);
    const sum = ledger.add(5);
    const after = add(sum, 1);
    expect(await new PoolWorkflow(after, { ...options, workers: 1 }).run()).toBe(6);
    expect(said).toEqual([`call ${nodeOf(ledger).name}`, `call ${sum.name}`, "release", `call ${after.name}`]);
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
});

poolTest("A call that fails leaves the object as it is for the next attempt", async () => {
  const ledger = makeLedger(0);
  ledger.add(1);
  const refused = ledger.refuse().with({ onFailure: () => -1, retry: { maxAttempts: 2, initialDelay: 0 } });
  const targets = [refused, ledger.add(1)];
  expect(await new PoolWorkflow(targets, options).run()).toEqual([-1, 2]);
});

poolTest("When a worker is lost, calls on its objects fail and say so; other objects live on", async () => {
  const lost = makeLedger(0);
  const crash = lost.crash().with({ onFailure: (error) => error instanceof WorkerLostError ? -1 : -2 });
  const after = lost.add(1).with({ onFailure: (error) => (error instanceof WorkerLostError ? -1 : -2) });
  const other = makeLedger(5);
  const targets = [crash, after, other.add(1).after(crash), makeLedger(7).add(1).after(crash)];
  expect(await new PoolWorkflow(targets, options).run()).toEqual([-1, -1, 6, 8]);
  const error: unknown = await new PoolWorkflow(makeAndLose(), options).run().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ cause: { code: "WORKER_LOST" } });
  expect(String(error)).toMatch(/Node `Ledger\.add_\d+` needs an object that was lost with its worker/);
});

function makeAndLose() {
  const ledger = makeLedger(0);
  ledger.crash().with({ onFailure: () => 0 });
  return ledger.add(1);
}

poolTest("An instance can not leave its worker: as a target, by an item or for a condition it is refused", async () => {
  const ledger = makeLedger(0);
  const item = nodeOf(ledger).item("add" as never);
  const cases = [
    { target: ledger, what: "is a target" },
    { target: nodeOf(ledger), what: "is a target" },
    { target: add(item, 1), what: "is asked for one of its items" },
    { target: add(1, 1).when(nodeOf(ledger), () => true), what: "is what a condition looks at" },
  ];
  for (const { target, what } of cases) {
    const run = new PoolWorkflow(target, options).run();
    await expect(run).rejects.toThrow(GraphError);
    await expect(run).rejects.toThrow(`Instance \`${nodeOf(ledger).name}\` of workflow \`instances\` ${what}`);
  }
});
