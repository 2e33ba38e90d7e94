import type { KvKey } from "../storage/kv/kv_like.ts";

/** One call on a KV that can go wrong; each batch of a list and each push of `watch` is one. */
export interface KvOperation {
  /** Which operation of its handle it is, from 1. */
  readonly number: number;
  /** What is done. */
  readonly kind: "get" | "getMany" | "list" | "set" | "delete" | "commit" | "watch";
  /** Which keys are read or written; of a list its bounds. */
  readonly keys: readonly KvKey[];
  /** Whether it may be answered from an earlier state. */
  readonly eventual: boolean;
}

/** What goes wrong with an operation. Milliseconds and commits are whole numbers of at least 1. */
export type Fault =
  /** Nothing is written, and the call fails. */
  | { readonly kind: "fail" }
  /** It takes effect, and the call fails nevertheless. */
  | { readonly kind: "lostReply" }
  /**
   * It takes effect, the reply is lost, and the client sends it again by itself and gives what comes of that: so does the one of a KV
   * server. A commit whose conditions its own first time has broken seems to have been refused.
   */
  | { readonly kind: "twice" }
  /** Nothing is written, and the call fails as it does on a file that another process is writing to. */
  | { readonly kind: "locked" }
  /** The request, or the reply, takes so much longer. */
  | { readonly kind: "delay"; readonly of: "request" | "reply"; readonly milliseconds: number }
  /** A read is answered from the state before that many commits. */
  | { readonly kind: "stale"; readonly commits: number }
  /** The process dies: before the operation takes effect, or after that and before the reply. */
  | { readonly kind: "crash"; readonly when: "before" | "after" }
  /** The process stands still for so long, after the operation has taken effect and before the reply. */
  | { readonly kind: "pause"; readonly milliseconds: number };

/** Decides for each operation what goes wrong with it; `undefined` if nothing does. */
export type FaultPlan = (operation: KvOperation) => Fault | undefined;

/** That a fault hits one operation of one process: a simulation can be repeated from a list of them. */
export interface FaultDecision {
  /** Name of the process. */
  readonly process: string;
  /** Which of its operations, from 1. */
  readonly operation: number;
  /** What goes wrong with it. */
  readonly fault: Fault;
}

/** A fault in a few words. */
export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case "delay":
      return `delay of ${fault.of} by ${fault.milliseconds} ms`;
    case "stale":
      return `stale by ${fault.commits}`;
    case "crash":
      return `crash ${fault.when}`;
    case "pause":
      return `pause of ${fault.milliseconds} ms`;
    default:
      return fault.kind;
  }
}

/** The same fault with half of its time or depth; nothing if it is as simple as it can be. */
export function simplerFaults(fault: Fault): readonly Fault[] {
  switch (fault.kind) {
    case "delay":
    case "pause":
      return fault.milliseconds > 1 ? [{ ...fault, milliseconds: Math.floor(fault.milliseconds / 2) }] : [];
    case "stale":
      return fault.commits > 1 ? [{ ...fault, commits: Math.floor(fault.commits / 2) }] : [];
    default:
      return [];
  }
}
