/** Tasks that the tests of the pool share. */
import { task } from "@fusewire/fusewire";

export const add = task(function add(a: number, b: number): number {
  return a + b;
});
export const sub = task(function sub(a: number, b: number): number {
  return a - b;
});
export const pair = task(function pair(a: number, b: number): [number, number] {
  return [a, b];
});
export const named = task(function named(a: number): { value: number; list: number[] } {
  return { value: a, list: [a, a + 1] };
});
export const total = task(function total(parts: { of: number[]; more: { at: number } }): number {
  return parts.of.reduce((sum, part) => sum + part, 0) + parts.more.at;
});
export const same = task(function same<T>(value: T): T {
  return value;
});
/** Which worker ran it. */
export const thread = task(function thread(_after?: unknown): string {
  return self.name;
});
