import { simulateWorkflows } from "@fusewire/fusewire/testing";
import { randomScenario } from "./random_scenario.ts";
import { TOPICS } from "./topics.ts";

for (const { key, name, seeds, scenario, options } of TOPICS) {
  Deno.test(`${seeds} simulations: ${name}`, async () => {
    const named = Array.from({ length: seeds }, (_, seed) => `${key}-${seed}`);
    await simulateWorkflows(randomScenario(scenario), { ...options, seeds: named });
  });
}
