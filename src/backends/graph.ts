/**
 * The drawing backend: a graph is shown instead of run.
 *
 * @module
 */
import type { Definition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import type { Run } from "../run.ts";
import { checkStart } from "../start_guard.ts";
import { BaseWorkflow } from "../workflow.ts";
import type { DefinitionWorkflowOptions, OptionsFor, WorkflowOptions, WorkflowSource } from "../workflow_options.ts";
import { type Drawing, drawingOf } from "./graph_drawing/drawing.ts";
import { DrawingRun } from "./graph_drawing/drawing_run.ts";
import { toDot } from "./graph_drawing/dot.ts";
import { totalEdgeLength } from "./graph_drawing/edge_length.ts";
import { toMermaid } from "./graph_drawing/mermaid.ts";

/** From this size on, nodes and rows that edges cross taken together, a layout in full quality takes too long. */
const QUICK_FROM = 2_000;

/** Where a drawing is kept. */
export interface DrawingOptions {
  /**
   * File that `run()` and `start()` write the SVG to; missing folders are made, an older file is replaced at once. Default: none
   * is written.
   */
  readonly path?: string | URL;
}

/** The options of a {@linkcode GraphWorkflow}, by what it is made from. The input of a definition may be missing. */
export type GraphOptionsFor<S extends WorkflowSource> =
  & DrawingOptions
  & (S extends Definition<infer I, unknown> ? Partial<DefinitionWorkflowOptions<I>> : WorkflowOptions);

/**
 * Draws a graph instead of running it: as DOT for Graphviz, as Mermaid for Markdown pages, as SVG. No function is called, and the
 * nodes can be run by other backends before and after.
 *
 * Thick edges lead through the calls on one instance, dashed ones from a condition, dotted ones from what only comes before.
 *
 * @example
 * ```ts
 * import { GraphWorkflow, task } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * const sum = add(add(1, 2), 3);
 * const drawing = new GraphWorkflow(sum, { workflowName: "sums" });
 * console.log(drawing.toMermaid()); // flowchart TD …
 * ```
 */
export class GraphWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S, string> {
  readonly #path: string | URL | undefined;
  #drawing: Drawing | undefined;
  #edgeLength: number | undefined;

  /**
   * Checks the graph and keeps it.
   *
   * @param source Nodes, or a definition.
   * @throws {GraphError} On something that is not a node, duplicate names, cycles, an unusable name.
   * @throws {ConfigError} On an option that can not be used.
   */
  constructor(source: S, options: GraphOptionsFor<S>) {
    // The options are those of every backend, but for the input of a definition: only a run reads it, and nothing is run here.
    super(source, options as OptionsFor<S>);
    const { path }: DrawingOptions = options ?? {};
    if (path !== undefined && !isFilePath(path)) {
      throw new ConfigError(
        `Option \`path\` of workflow \`${this.workflowName}\` is ${JSON.stringify(path)}; ` +
          "it must be the path or the file: URL of a file.",
        { workflow: this.workflowName },
      );
    }
    this.#path = path;
  }

  /** The graph in DOT, the language of Graphviz. Ids are the names, with `&` and `\` as character references. */
  toDot(): string {
    return toDot(this.#drawn, { quick: this.nodeGraph.size + this.#totalEdgeLength > QUICK_FROM });
  }

  /** The graph as a Mermaid flowchart. Mermaid by itself draws up to 500 edges and 50,000 characters. */
  toMermaid(): string {
    return toMermaid(this.#drawn);
  }

  /**
   * The graph as SVG, in which the title of each node is its name. Graphviz is loaded on first use, and keeps the thread while it
   * lays out: 2,000 nodes take seconds.
   *
   * @throws {ConfigError} If the graph has more than 5,000 nodes, or edges that cross more than 20,000 rows together.
   */
  toSvg(): Promise<string> {
    return this.#layOut();
  }

  /**
   * Starts to draw. The result is the SVG, which is written to `path` before, if there is one. No step is run: all are `SKIPPED`.
   */
  // deno-lint-ignore require-await -- what it throws must be a rejection
  async start(): Promise<Run<string>> {
    checkStart(this.workflowName);
    return new DrawingRun({
      graph: this.nodeGraph,
      workflowName: this.workflowName,
      version: this.version,
      clock: this.clock,
      draw: (signal) => this.#draw(signal),
    });
  }

  /**
   * Draws the graph and gives the SVG, after it is written to `path`, if there is one.
   *
   * @throws {ConfigError} If the graph is too large, or the file can not be written.
   */
  override run(): Promise<string> {
    return super.run();
  }

  async #draw(signal: AbortSignal): Promise<string> {
    const svg = await this.#layOut(signal);
    if (this.#path !== undefined) {
      const { writeSvgFile } = await import("./graph_drawing/svg_file.ts");
      await writeSvgFile(this.#path, svg, this.workflowName);
    }
    return svg;
  }

  async #layOut(signal?: AbortSignal): Promise<string> {
    const { checkSize, layOut } = await import("./graph_drawing/svg.ts");
    checkSize(this.nodeGraph, this.#totalEdgeLength, this.workflowName);
    return await layOut(this.toDot(), signal);
  }

  get #drawn(): Drawing {
    return this.#drawing ??= drawingOf(this.nodeGraph, this.workflowName);
  }

  get #totalEdgeLength(): number {
    return this.#edgeLength ??= totalEdgeLength(this.nodeGraph);
  }
}

function isFilePath(path: unknown): path is string | URL {
  return path instanceof URL ? path.protocol === "file:" : typeof path === "string" && path !== "";
}
