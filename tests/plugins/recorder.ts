import type { Plugin, PluginContext, PluginOutcome, PluginRunContext } from "../../mod.ts";

/** A plugin that writes down every call of its hooks. */
export class Recorder implements Plugin<string> {
  /** Takes the list to write to, and a hook that throws, if any. */
  constructor(readonly calls: string[], readonly name = "plugin", readonly throwing?: keyof Plugin) {}

  runStarted({ workflowName, steps }: PluginRunContext): void {
    this.#call("runStarted", `${workflowName} ${steps}`);
  }

  localInitialize({ nodeName, attempt }: PluginContext): string {
    this.#call("localInitialize", `${nodeName} ${attempt}`);
    return `${this.name}'s state of ${nodeName}`;
  }

  remoteInitialize(state: string, { attempt }: PluginContext): void {
    this.#call("remoteInitialize", `${state} ${attempt}`);
  }

  finished(outcome: PluginOutcome, { nodeName, attempt }: PluginContext): void {
    this.#call("finished", `${nodeName} ${attempt} ${outcome.status}`);
  }

  runFinished({ workflowName }: PluginRunContext): void {
    this.#call("runFinished", workflowName);
  }

  #call(hook: keyof Plugin, text: string): void {
    this.calls.push(`${this.name}.${hook} ${text}`);
    if (hook === this.throwing) throw new Error(`${this.name}.${hook} broke`);
  }
}
