/**
 * Stored results over a task storage: what is there, what a run may take from it, and what it adds.
 *
 * @module
 */
import { contentHash } from "../../storage/codec/content_hash.ts";
import { encodeName, isShortened } from "../../storage/names.ts";
import type { StoredEntry, TaskStorage } from "../../storage/task_storage.ts";
import { WriteBehind } from "../../storage/write_behind.ts";
import {
  cacheOf,
  callPrint,
  decide,
  type Decision,
  type DecisionSetup,
  type StoredHeader,
  uncachedCause,
} from "./decisions.ts";
import { IntegrityError, NotFoundError, SerializationError } from "../errors.ts";
import { type Fingerprint, isSameCall, printInputs } from "./fingerprint.ts";
import { parameterNames } from "./parameter_names.ts";
import { type Plan, planStep } from "./plan.ts";
import { metaRecord, readMeta } from "./result_meta.ts";
import type { RunRecord } from "../execution/run_record.ts";
import type { StoredAction, StoredResults } from "./stored_results.ts";
import { warn } from "../warning.ts";

/** All that is needed to know what is stored, and what that means. */
export interface StorageSetup extends DecisionSetup {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Where results are kept, if anywhere. */
  readonly storage: TaskStorage | undefined;
}

/** Up to this many nodes, each is looked up by itself; beyond it the workflow's results are listed once. */
const FEW = 64;

/** What is stored of one workflow, by place. */
class StoredHeaders {
  readonly #entries = new Map<string, StoredEntry>();
  readonly #metas = new Map<number, StoredHeader>();

  constructor(readonly nameAt: (place: number) => string) {}

  /** Looks up what is stored; `undefined` without a storage. */
  static async read(setup: StorageSetup, verify: boolean): Promise<StoredHeaders | undefined> {
    const { storage, workflowName, program: { graph } } = setup;
    if (storage === undefined) return undefined;
    const headers = new StoredHeaders((place) => graph.names.at(place));
    if (graph.size <= FEW) {
      const found = await Promise.all(graph.nodes().map((name) => storage.inspectTask(workflowName, name, { verify })));
      for (const entry of found) if (entry !== undefined) headers.#entries.set(entry.name, entry);
    } else {
      for (const [name, entry] of await storage.inspect(workflowName, { verify })) headers.#entries.set(name, entry);
      await headers.#findLongNames(setup, storage, verify);
    }
    return headers;
  }

  /** A name that is too long for a key stands in its record, where a list does not find it if the record is damaged. */
  async #findLongNames(
    { workflowName, program: { graph } }: StorageSetup,
    storage: TaskStorage,
    verify: boolean,
  ): Promise<void> {
    for (const name of graph.nodes()) {
      if (this.#entries.has(name) || !isShortened(encodeName(name))) continue;
      const entry = await storage.inspectTask(workflowName, name, { verify });
      if (entry !== undefined) this.#entries.set(name, entry);
    }
  }

  /** The header at a place, or `undefined` if nothing is stored there. */
  readonly at = (place: number): StoredHeader | undefined => {
    const known = this.#metas.get(place);
    if (known !== undefined) return known;
    const entry = this.#entries.get(this.nameAt(place));
    if (entry === undefined) return undefined;
    const { damaged } = entry;
    const header = { meta: readMeta(entry.meta), ...(damaged === undefined ? {} : { damaged }) };
    this.#metas.set(place, header);
    return header;
  };

  /** What was found at a place, once: it may hold the bytes of a small result. */
  takeEntry(place: number): StoredEntry | undefined {
    this.at(place);
    const name = this.nameAt(place);
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    return entry;
  }
}

/** What a run would do now. */
export async function planOf(
  setup: StorageSetup,
  { verify = false }: { readonly verify?: boolean } = {},
): Promise<Plan> {
  const headers = await StoredHeaders.read(setup, verify);
  const { names } = setup.program.graph;
  const decisions = decide(setup, headers?.at);
  return { steps: decisions.map(({ action, reasons }, place) => planStep(names.at(place), action, reasons)) };
}

/** Stored results of one run. */
export class StorageResults implements StoredResults {
  readonly #setup: StorageSetup;
  readonly #storage: TaskStorage;
  readonly #record: RunRecord;
  readonly #behind = new WriteBehind();
  readonly #headers: StoredHeaders;
  readonly #decisions: Decision[];
  readonly #read: Uint8Array;
  readonly #saved = new Set<number>();
  readonly #made = new Map<number, Fingerprint | SerializationError>();
  readonly #content = new Map<number, string>();
  readonly #needsContent: Uint8Array;

  private constructor(
    setup: StorageSetup,
    storage: TaskStorage,
    record: RunRecord,
    headers: StoredHeaders,
  ) {
    this.#setup = setup;
    this.#storage = storage;
    this.#record = record;
    this.#headers = headers;
    this.#decisions = decide(setup, headers.at);
    const { program } = setup;
    this.#read = new Uint8Array(program.graph.size);
    this.#needsContent = new Uint8Array(program.graph.size);
    for (const { place } of program.targets) this.#read[place] = 1;
    this.#decisions.forEach(({ action }, place) => {
      if (action !== "stored" && action !== "unneeded") program.forEachRead(place, (of) => this.#read[of] = 1);
      if (cacheOf(setup, place) !== "content") return;
      this.#needsContent[place] = 1;
      program.forEachRead(place, (of) => this.#needsContent[of] = 1);
    });
  }

  /** Looks up what is stored, and decides about every node. */
  static async open(setup: StorageSetup, storage: TaskStorage, record: RunRecord): Promise<StorageResults> {
    await storage.newWorkflow(setup.workflowName);
    const headers = await StoredHeaders.read(setup, false) ?? new StoredHeaders(() => "");
    const results = new StorageResults(setup, storage, record, headers);
    results.#decisions.forEach(({ reasons }, place) => {
      for (const reason of reasons) {
        if (reason.kind === "damaged") results.#warn(place, `is damaged and will be made again: ${reason.detail}`);
      }
    });
    return results;
  }

  actionAt(place: number): StoredAction {
    if (this.#saved.has(place)) return "load";
    switch (this.#decisions[place]!.action) {
      case "run":
      case "stale":
        return "run";
      case "maybe":
        return "check";
      case "stored":
        return this.#read[place] === 1 ? "load" : "none";
      case "unneeded":
        return "none";
    }
  }

  isStored(place: number): boolean {
    return this.#decisions[place]!.action === "stored" || this.#saved.has(place);
  }

  takeUp(place: number): boolean {
    const stored = this.isStored(place);
    if (stored) this.#read[place] = 1;
    return stored;
  }

  async load(place: number): Promise<{ readonly value: unknown } | undefined> {
    if (this.#saved.has(place)) await this.#behind.settle();
    try {
      const { value, meta } = await this.#storage.load(
        this.#setup.workflowName,
        this.#nameOf(place),
        this.#saved.has(place) ? undefined : this.#headers.takeEntry(place),
      );
      const { content } = readMeta(meta);
      if (content !== undefined) this.#content.set(place, content);
      return { value };
    } catch (error) {
      if (!(error instanceof IntegrityError || error instanceof NotFoundError)) throw error;
      this.#warn(place, `can not be read and will be made again: ${error.message}`);
      this.#saved.delete(place);
      this.#decisions[place] = {
        action: "stale",
        reasons: [{ kind: "damaged", detail: error.message }],
        stored: false,
      };
      return undefined;
    }
  }

  isFresh(place: number, args: readonly unknown[], values: readonly unknown[]): Promise<boolean> {
    const setup = this.#setup;
    if (cacheOf(setup, place) !== "content" || uncachedCause(setup, place) !== undefined) return Promise.resolve(false);
    try {
      const inputs = printInputs(
        parameterNames(setup.funcAt(place)),
        setup.program.inputsAt(place),
        args,
        (of) => this.#contentOf(of, values),
      );
      const made = { ...callPrint(setup, place), inputs };
      this.#made.set(place, made);
      const header = this.#headers.at(place);
      const before = header?.damaged === undefined ? header?.meta.made : undefined;
      return Promise.resolve(before !== undefined && isSameCall(before, made));
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      this.#made.set(place, error);
      return Promise.resolve(false);
    }
  }

  async save(place: number, value: unknown): Promise<unknown> {
    const { workflowName } = this.#setup;
    if (uncachedCause(this.#setup, place) !== undefined) {
      this.#made.delete(place);
      return value;
    }
    const name = this.#nameOf(place);
    const made = this.#made.get(place);
    this.#made.delete(place);
    const content = this.#needsContent[place] === 1 ? hashOrNothing(value) : undefined;
    if (content !== undefined) this.#content.set(place, content);
    const prepared = await this.#storage.prepare(workflowName, name, value, metaRecord(made, content));
    this.#saved.add(place);
    if (!this.#storage.alwaysRead) {
      await this.#behind.enqueue(prepared);
      return value;
    }
    await prepared.write();
    return (await this.#storage.load(workflowName, name)).value;
  }

  async settle(): Promise<void> {
    await this.#behind.settle();
  }

  #nameOf(place: number): string {
    return this.#setup.program.graph.names.at(place);
  }

  /** The content hash of a result, made once for all that read it. */
  #contentOf(place: number, values: readonly unknown[]): string {
    let content = this.#content.get(place);
    if (content === undefined) this.#content.set(place, content = contentHash(values[place]));
    return content;
  }

  #warn(place: number, what: string): void {
    const message = `The stored result of \`${
      this.#nameOf(place)
    }\` in workflow \`${this.#setup.workflowName}\` ${what}`;
    this.#record.warning(message, place);
    warn(message, { workflow: this.#setup.workflowName, run: this.#record.id, step: this.#nameOf(place) }, ["storage"]);
  }
}

function hashOrNothing(value: unknown): string | undefined {
  try {
    return contentHash(value);
  } catch (error) {
    if (error instanceof SerializationError) return undefined;
    throw error;
  }
}
