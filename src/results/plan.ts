/**
 * Plans: what a run would do now, node by node, and why.
 *
 * @module
 */
import type { FingerprintChange } from "./fingerprint.ts";

/**
 * What a run would do about a node: run it, because nothing is stored; run it again although something is stored (`stale`); look
 * at inputs that have yet to be computed, and run it only if one of them comes out different (`maybe`); take what is stored; or
 * leave it, because nothing that runs reads it.
 */
export type PlanAction = "run" | "stale" | "maybe" | "stored" | "unneeded";

/** Why a node is not looked up in the storage at all. */
export type UncachedCause = "no-storage" | "instance" | "control" | "logged" | "cache-off";

/** Why a plan says what it says about a node. */
export type PlanReason =
  | { readonly kind: "missing" }
  | { readonly kind: "stored" }
  | { readonly kind: "unneeded" }
  | { readonly kind: "uncached"; readonly because: UncachedCause }
  | { readonly kind: "damaged"; readonly detail: string }
  | { readonly kind: "no-fingerprint" }
  | { readonly kind: "uncacheable"; readonly detail: string }
  | { readonly kind: "upstream"; readonly node: string; readonly action: "run" | "stale" | "maybe" }
  | { readonly kind: "part-changed"; readonly node: string }
  | { readonly kind: "unrecorded"; readonly node: string }
  | { readonly kind: "condition"; readonly node: string }
  /** It was made in a case of a branch, and runs only if that is chosen. */
  | { readonly kind: "case"; readonly node: string; readonly case: string }
  /** It was made in an iteration of a loop, and runs only if the value of the one before does not end that. */
  | { readonly kind: "loop"; readonly node: string }
  /** Only a node needs it that takes the first of several values, perhaps another. */
  | { readonly kind: "first-of"; readonly node: string }
  | FingerprintChange;

/** What a run would do about one node. */
export interface PlanStep {
  /** Name of the node. */
  readonly name: string;
  /** What a run would do. */
  readonly action: PlanAction;
  /** Why, as data. */
  readonly reasons: readonly PlanReason[];
  /** Why, as one sentence. */
  readonly message: string;
}

/** What a run would do now. */
export interface Plan {
  /** The nodes, in topological order. */
  readonly steps: readonly PlanStep[];
}

/** One step of a plan, with its sentence. */
export function planStep(name: string, action: PlanAction, reasons: readonly PlanReason[]): PlanStep {
  return {
    name,
    action,
    reasons,
    message: `\`${name}\` ${ACTIONS[action]}: ${reasons.map(because).join(" and ")}.`,
  };
}

const ACTIONS: Readonly<Record<PlanAction, string>> = {
  run: "will run",
  stale: "will run again",
  maybe: "may run",
  stored: "is taken from the storage",
  unneeded: "will not run",
};

function because(reason: PlanReason): string {
  switch (reason.kind) {
    case "missing":
      return "nothing is stored";
    case "stored":
      return "its result is there";
    case "unneeded":
      return "nothing that runs reads it";
    case "uncached":
      return UNCACHED[reason.because];
    case "damaged":
      return `what is stored is damaged (${reason.detail})`;
    case "no-fingerprint":
      return "it was stored without a record of what it was made from";
    case "uncacheable":
      return `it can not be cached by content, because ${reason.detail}`;
    case "upstream":
      return `upstream \`${reason.node}\` ${reason.action === "maybe" ? "may run" : "will run"}`;
    case "part-changed":
      return `the result of \`${reason.node}\` changed, and perhaps the part of it that is read`;
    case "unrecorded":
      return `it is not recorded what the result of \`${reason.node}\` is`;
    case "condition":
      return `it hangs on the value of \`${reason.node}\``;
    case "case":
      return `it is in the case ${JSON.stringify(reason.case)} of \`${reason.node}\``;
    case "loop":
      return `it is in a loop that may end with \`${reason.node}\``;
    case "first-of":
      return `only \`${reason.node}\` needs it, which takes the value that is there first`;
    case "source-changed":
      return `source of \`${reason.task}\` changed`;
    case "version-changed":
      return `version changed ${quoted(reason.from)} → ${quoted(reason.to)}`;
    case "seed-changed":
      return `seed changed ${reason.from || "none"} → ${reason.to || "none"}`;
    case "input-changed":
      return `input \`${reason.input}\` changed${
        reason.from === undefined || reason.to === undefined ? "" : ` ${reason.from} → ${reason.to}`
      }`;
  }
}

const UNCACHED: Readonly<Record<UncachedCause, string>> = {
  "no-storage": "no storage is set",
  instance: "instances and their calls are never stored",
  control: "a node that makes no call is never stored",
  logged: "logged nodes always run",
  "cache-off": "its cache is off",
};

function quoted(version: string): string {
  return version === "" ? "none" : JSON.stringify(version);
}
