import { expect } from "@std/expect";
import { run, withCopy } from "./copied_examples.ts";

const ENDS = [
  "order-1001 shipped to Grace: 2 × lamp, 1 × chair, 250 €",
  "order-1002 shipped to Alan: 4 × desk, 4 × lamp, 1820 €",
  "order-1003 let go for Edsger: rejected",
  "order-1004 let go for Barbara: nobody decided",
  "order-1005 failed: Node `reserve_0000` of workflow `fulfil` failed: there is no shelf left",
];

Deno.test("orders are shipped, approved, rejected or let go, and a second process starts none of them again", () =>
  withCopy(async (folder) => {
    for (let process = 0; process < 2; process++) {
      expect((await run(folder, "orders.ts")).trimEnd().split("\n")).toEqual(ENDS);
    }
  }));
