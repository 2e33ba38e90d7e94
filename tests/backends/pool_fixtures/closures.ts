/** Tasks that a worker does not find, or finds to be others. */
import { task } from "@fusewire/fusewire";

/** A task over local state, made when it is called. */
export function scaledBy(factor: number) {
  return task(function scale(x: number): number {
    return x * factor;
  });
}

export const triple = scaledBy(3);
export const quadruple = scaledBy(4);

/** Another function in a worker than in the thread that schedules. */
export const turn = task(
  self.name.startsWith("fusewire-")
    ? function second(): number {
      return 2;
    }
    : function first(): number {
      return 1;
    },
  { name: "turn" },
);

/** Several from one line. */
export const powers = [1, 2, 3].map((power) => task((x: number): number => x ** power, { name: "power" }));

/** Of code that stands in no file. */
export const evaluated = new Function("task", "return task(() => 1, { name: 'evaluated' })")(task) as () => ReturnType<
  typeof triple
>;
