/**
 * Queries: what is set on all nodes that match a pattern.
 *
 * @module
 */
import type { Node } from "./node.ts";
import type { AnyTaskOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";

/** The part of a workflow that a query writes to. */
export interface QueryTarget {
  /** Sets options on one node of the workflow. */
  setOptionsOf(node: Node<unknown>, options: AnyTaskOptions): void;
  /** Sets a plugin on one node of the workflow. */
  setPluginOf(node: Node<unknown>, plugin: Plugin<unknown>): void;
  /** Sets what the backend gets told about one node. */
  setRemoteArgsOf(node: Node<unknown>, args: Readonly<Record<string, unknown>>): void;
}

/** The nodes of a workflow that match a pattern, and what can be set on them. */
export class Query {
  readonly #target: QueryTarget;

  /** Backends that extend queries pass on what they were given. */
  constructor(target: QueryTarget, readonly nodes: readonly Node<unknown>[]) {
    this.#target = target;
  }

  /** Sets one entry of each node's `backendInfo`. It is the one setting that every workflow over these nodes sees. */
  set(key: string, value: unknown): this {
    for (const node of this.nodes) node.backendInfo[key] = value;
    return this;
  }

  /**
   * Sets options on each node, for this workflow only, over those that it has.
   *
   * @throws {ConfigError} If an option is out of range.
   */
  setOptions(options: AnyTaskOptions): this {
    for (const node of this.nodes) this.#target.setOptionsOf(node, options);
    return this;
  }

  /** Adds a plugin to each node, for this workflow only. */
  setPlugin<S>(plugin: Plugin<S>): this {
    for (const node of this.nodes) this.#target.setPluginOf(node, plugin);
    return this;
  }

  /** Sets what the backend gets told about each node, for this workflow only; what it means is the backend's. */
  setRemoteArgs(args: Readonly<Record<string, unknown>>): this {
    for (const node of this.nodes) this.#target.setRemoteArgsOf(node, args);
    return this;
  }
}
