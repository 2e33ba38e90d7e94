/**
 * Definitions: which schema a version of a workflow has, and the graph of a schema.
 *
 * @module
 */
import { NotFoundError } from "../../../src/errors.ts";
import { redefined } from "../definition_changes.ts";
import type { DefinitionKey, DefinitionRecord } from "../records.ts";
import { type KvContext, untilUnchanged } from "./context.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";
import { Unit } from "../../kv/unit.ts";

/** What of a definition the schema decides. */
type Graph = Omit<DefinitionRecord, keyof DefinitionKey>;

/** Makes definitions known, and finds them. */
export class Definitions {
  readonly #known = new Set<string>();
  readonly #places = new Map<string, ReadonlyMap<string, number>>();

  /** Keeps them where the context says. */
  constructor(private readonly context: KvContext) {}

  /** Makes a definition known. The same one again is no error. */
  async define(definition: DefinitionRecord): Promise<void> {
    const { kv, keys, queue } = this.context;
    const known = JSON.stringify([definition.workflow, definition.version, definition.schema]);
    if (this.#known.has(known)) return;
    const key = keys.definition(definition);
    await untilUnchanged(`The definition of ${JSON.stringify(definition.workflow)}`, async () => {
      const found = await kv.get<string>(key);
      if (found.value !== null && found.value !== definition.schema) {
        throw redefined(await this.read({ ...definition, schema: found.value }), definition);
      }
      if (found.value !== null) return true;
      const unit = new Unit();
      unit.guards.push(`definition ${JSON.stringify([definition.workflow, definition.version])}`);
      unit.check(key, null);
      unit.set(key, definition.schema, 2 * definition.schema.length);
      // The same schema is the same graph, so it does no harm if two write it at once.
      const graph = await this.#graph(definition);
      unit.set(keys.graph(definition.schema), graph, formBytes(graph));
      return await queue.submit(unit) === undefined ? undefined : true;
    });
    this.#known.add(known);
  }

  /** A definition that was made known. */
  async read({ workflow, version, schema }: DefinitionKey): Promise<DefinitionRecord | undefined> {
    const { kv, keys, forms } = this.context;
    const key = keys.definition({ workflow, version, schema });
    const [found, form] = await kv.getMany<[string, StoredForm]>([key, keys.graph(schema)]);
    if (found.value !== schema || form.value === null) return undefined;
    const value = await forms.read(graphOwner(schema), form.value);
    if (value.kind !== "bytes") throw new NotFoundError(`The graph of ${JSON.stringify(workflow)} is not there.`);
    // Numbers, texts and arrays of them: JSON keeps them all, and is by far the quickest for a hundred thousand names.
    const graph: Graph = JSON.parse(new TextDecoder().decode(value.bytes));
    return { workflow, version, schema, ...graph };
  }

  /** The place of a step by its name. */
  async place(key: DefinitionKey, name: string): Promise<number | undefined> {
    let places = this.#places.get(key.schema);
    if (places === undefined) {
      const definition = await this.read(key);
      if (definition === undefined) return undefined;
      places = new Map(definition.steps.map((step, place) => [step, place]));
      this.#places.set(key.schema, places);
    }
    return places.get(name);
  }

  async #graph({ workflow: _workflow, version: _version, schema, ...graph }: DefinitionRecord): Promise<StoredForm> {
    const bytes = new TextEncoder().encode(JSON.stringify(graph));
    return await this.context.forms.any(graphOwner(schema), { kind: "bytes", bytes });
  }
}

/** Under what the pieces of a graph lie; no run has such an id. */
function graphOwner(schema: string): string {
  return `\u0001graph ${schema}`;
}
