/** A module that breaks where it is imported again. */
import { task } from "@fusewire/fusewire";

export const broken = task(function broken(): number {
  return 1;
});

if ("WorkerGlobalScope" in globalThis && self.name.startsWith("fusewire-")) {
  throw new RangeError("no data on this machine");
}
