/**
 * Simulates until so many seeds have passed, 100,000 if nothing else is said, over all topics in turn.
 *
 * `deno task soak` | `deno task soak 500000` | `deno task soak 200000-300000`: a number of seeds, or a range of them;
 * `deno task soak lending-77`: one seed again, as a failure names it.
 *
 * @module
 */
import { simulateWorkflows } from "@fusewire/fusewire/testing";
import { randomScenario } from "./random_scenario.ts";
import { TOPICS } from "./topics.ts";

const BATCH = 20;

async function soak(seeds: readonly string[], topic: (typeof TOPICS)[number]) {
  return await simulateWorkflows(randomScenario(topic.scenario), { ...topic.options, seeds });
}

const [what = "100000"] = Deno.args;
const single = TOPICS.find(({ key }) => what.startsWith(`${key}-`) && /^\d+$/.test(what.slice(key.length + 1)));
if (single !== undefined) {
  console.log(`${what}: ${JSON.stringify(await soak([what], single))}`);
  Deno.exit();
}
const range = /^(?:(\d+)-)?(\d+)$/.exec(what);
if (range === null) {
  console.error(
    `${JSON.stringify(what)} is no number of seeds, range or seed; topics: ${TOPICS.map(({ key }) => key)}.`,
  );
  Deno.exit(2);
}
const [from, to] = [Number(range[1] ?? 0), Number(range[2])];
const total = { simulations: 0, steps: 0, faults: 0 };
const began = performance.now();
for (let seed = from, told = began; seed < to;) {
  for (const topic of TOPICS) {
    const count = Math.min(BATCH, to - seed);
    const seeds = Array.from({ length: count }, (_, i) => `${topic.key}-${seed + i}`);
    const { simulations, steps, faults } = await soak(seeds, topic);
    total.simulations += simulations;
    total.steps += steps;
    total.faults += faults;
    seed += count;
  }
  if (seed < to && performance.now() - told < 5_000) continue;
  told = performance.now();
  const perSecond = Math.round(total.steps / (told - began) * 1_000);
  console.log(`${total.simulations} simulations, ${total.faults} faults, ${total.steps} events, ${perSecond} a second`);
}
