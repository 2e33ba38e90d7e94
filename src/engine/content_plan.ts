/**
 * What a durable run would take from the content cache if it began now, step by step, and why not: the plan of a `KvWorkflow`.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { CachedResult } from "../../storage/runtime/records.ts";
import { GraphError, SerializationError } from "../errors.ts";
import { type Decision, type DecisionSetup, uncachedCause } from "../results/decisions.ts";
import { leaveUnneeded } from "../results/needed.ts";
import { type Plan, type PlanReason, planStep } from "../results/plan.ts";
import { onCondition } from "../results/uncertain.ts";
import { damageOf } from "./cached_results.ts";
import { keyRange, stepKey } from "./content_key.ts";
import { ContentLookup } from "./content_lookup.ts";
import type { StoredValues } from "./stored_values.ts";

/** Where results of durable runs are kept, and in what form. */
export interface ContentPlanStores {
  /** Where runs are kept. */
  readonly storage: EngineStorage;
  /** Reads values. */
  readonly codec: StoredValues;
}

/** What a run would do now. Only `cache: "content"` has results of other runs stand for steps. */
export async function planOfContent(
  setup: DecisionSetup & { readonly workflowName: string },
  stores: ContentPlanStores,
  verify: boolean,
): Promise<Plan> {
  const { program, program: { graph } } = setup;
  const planner = new Planner(setup, stores, verify);
  const decisions: Decision[] = [];
  const uncertain = new Uint8Array(graph.size);
  for (let place = 0; place < graph.size; place++) {
    const own = await planner.decide(place, decisions);
    // A result is kept under what it was made from, so that a condition may still leave the step out.
    decisions.push(onCondition(setup, place, own, decisions, uncertain));
  }
  leaveUnneeded(setup, decisions, false);
  return {
    steps: decisions.map(({ action, reasons }, place) => planStep(program.graph.names.at(place), action, reasons)),
  };
}

class Planner {
  readonly #setup: DecisionSetup & { readonly workflowName: string };
  readonly #stores: ContentPlanStores;
  readonly #verify: boolean;
  readonly #scope: string;
  readonly #lookup: ContentLookup;
  readonly #found = new Map<number, CachedResult>();
  readonly #values: unknown[] = [];
  /** 1 where a result is read to find the keys of others, so that damage is to be found before. */
  readonly #isReadInParts: Uint8Array;

  constructor(
    setup: DecisionSetup & { readonly workflowName: string },
    stores: ContentPlanStores,
    verify: boolean,
  ) {
    this.#setup = setup;
    this.#stores = stores;
    this.#verify = verify;
    const { from, to } = keyRange(setup.workflowName);
    this.#scope = from;
    this.#lookup = new ContentLookup(stores.storage, to);
    const { program } = setup;
    this.#isReadInParts = new Uint8Array(program.graph.size);
    for (let place = 0; place < program.graph.size; place++) {
      for (const input of program.inputsAt(place)) {
        if (input.kind === "parts") { for (const of of input.places) this.#isReadInParts[of] = 1; }
      }
    }
  }

  async decide(place: number, decisions: readonly Decision[]): Promise<Decision> {
    const because = uncachedCause(this.#setup, place);
    if (because !== undefined) return decision("run", { kind: "uncached", because });
    if (!this.#isContent(place)) return decision("run", { kind: "uncached", because: "cache-off" });
    if (this.#stores.storage.readCached === undefined) {
      return decision("run", { kind: "uncached", because: "no-storage" });
    }
    const upstream = this.#openAbove(place, decisions);
    if (upstream.length > 0) return { action: "maybe", reasons: upstream, stored: false };
    try {
      return await this.#lookUp(place);
    } catch (error) {
      if (error instanceof SerializationError) {
        return decision("run", { kind: "uncacheable", detail: error.message.replace(/\.$/, "") });
      }
      // It reads a part that is not there, and so will fail.
      if (error instanceof GraphError) return decision("run", { kind: "missing" });
      throw error;
    }
  }

  /** What is above a step and has no result yet, so that it is not known what the step is made from. */
  #openAbove(place: number, decisions: readonly Decision[]): PlanReason[] {
    const { program, program: { graph } } = this.#setup;
    const reasons = new Map<number, PlanReason>();
    for (const input of program.inputsAt(place)) {
      const places = input.kind === "constant" ? [] : input.kind === "node" ? [input.place] : input.places;
      for (const of of places) {
        const { action } = decisions[of]!;
        if (action === "run" || action === "stale" || action === "maybe") {
          reasons.set(of, { kind: "upstream", node: graph.names.at(of), action });
        }
      }
    }
    return [...reasons.values()];
  }

  async #lookUp(place: number): Promise<Decision> {
    const { program, workflowName } = this.#setup;
    for (const input of program.inputsAt(place)) {
      if (input.kind === "parts") { for (const of of input.places) await this.#read(of); }
    }
    const key = stepKey({
      workflow: workflowName,
      scope: this.#scope,
      program,
      place,
      options: this.#setup.optionsAt(place),
      values: this.#values,
      contentOf: (of) => this.#contentOf(of),
    });
    const answer = (this.#lookup.known(key) ?? { answer: (await this.#lookup.find([key]))[0] }).answer;
    if (answer === undefined) return decision("run", { kind: "missing" });
    const damage = answer instanceof Error
      ? answer.message
      : await damageOf(this.#stores.codec, key, answer, this.#verify || this.#isReadInParts[place] === 1);
    if (answer instanceof Error || damage !== undefined) {
      return decision("stale", { kind: "damaged", detail: (damage ?? "").replace(/\.$/, "") });
    }
    this.#found.set(place, answer);
    return decision("stored", { kind: "stored" });
  }

  #contentOf(place: number): string {
    const content = this.#found.get(place)?.content;
    if (content !== undefined) return content;
    throw new SerializationError(
      `The result of \`${this.#setup.program.graph.names.at(place)}\` has no content to compare.`,
    );
  }

  async #read(place: number): Promise<void> {
    const found = this.#found.get(place);
    if (found !== undefined && !(place in this.#values)) {
      this.#values[place] = await this.#stores.codec.decode(found.value);
    }
  }

  #isContent(place: number): boolean {
    return (this.#setup.optionsAt(place)?.cache ?? this.#setup.cache) === "content";
  }
}

function decision(action: Decision["action"], ...reasons: PlanReason[]): Decision {
  return { action, reasons, stored: action === "stored" };
}
