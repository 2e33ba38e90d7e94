/**
 * The names of a graph's nodes. Counted names are unique by construction and are made only when asked for; the rest is checked.
 *
 * @module
 */
import { GraphError } from "./errors.ts";
import { autoName, checkName, parseAutoName } from "./naming.ts";
import type { CallNode } from "./node.ts";

/** Names by place in the graph, and places by name. */
export class NodeNames {
  readonly #members: readonly CallNode[];
  readonly #given = new Map<number, string>();
  #places: Map<string, number> | undefined;

  #manyScopes = false;
  #longestBase = 0;

  /** Takes the nodes; {@linkcode add} is called for each of them, and then {@linkcode check}. */
  constructor(members: readonly CallNode[]) {
    this.#members = members;
  }

  /** Keeps the name of the node at a place as it is now. */
  add(place: number, node: CallNode): void {
    if (node.extra?.name !== undefined) this.#given.set(place, node.extra.name);
    const { scope, task } = node.site;
    if (scope !== this.#members[0]!.site.scope) this.#manyScopes = true;
    if (task.base.length > this.#longestBase) this.#longestBase = task.base.length;
  }

  /** Throws {@linkcode GraphError} if two nodes have the same name, or a name is too long for a store. */
  check(): void {
    if (this.#longestBase > 80) this.#members.forEach((_, place) => checkName(this.at(place), "node"));
    if (this.#manyScopes) this.#checkAll();
    else if (this.#given.size > 0) this.#checkGiven();
  }

  /** The name of the node at a place. */
  at(place: number): string {
    const given = this.#given.size === 0 ? undefined : this.#given.get(place);
    if (given !== undefined) return given;
    const node = this.#members[place]!;
    return autoName(node.site.task.base, node.sequence);
  }

  /** The place of a name, or `undefined`. */
  placeOf(name: string): number | undefined {
    if (this.#places === undefined) {
      this.#places = new Map();
      for (let place = 0; place < this.#members.length; place++) this.#places.set(this.at(place), place);
    }
    return this.#places.get(name);
  }

  #checkAll(): void {
    const names = new Set<string>();
    for (let place = 0; place < this.#members.length; place++) {
      const name = this.at(place);
      if (names.has(name)) throw duplicate(name);
      names.add(name);
    }
  }

  /** In one scope only a given name can meet another, given or counted. */
  #checkGiven(): void {
    const names = new Set<string>();
    const taken = new Map<string, Map<number, string>>();
    for (const name of this.#given.values()) {
      if (names.has(name)) throw duplicate(name);
      names.add(name);
      const counted = parseAutoName(name);
      if (counted === undefined) continue;
      let sequences = taken.get(counted.base);
      if (sequences === undefined) taken.set(counted.base, sequences = new Map());
      sequences.set(counted.sequence, name);
    }
    if (taken.size === 0) return;
    this.#members.forEach((node, place) => {
      const name = taken.get(node.site.task.base)?.get(node.sequence);
      if (name !== undefined && !this.#given.has(place)) throw duplicate(name);
    });
  }
}

function duplicate(name: string): GraphError {
  return new GraphError(
    `Two nodes of the graph have the name \`${name}\`; names are what results are stored under, so rename one with setName().`,
    { node: name },
  );
}
