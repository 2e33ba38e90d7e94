/**
 * A first-in-first-out queue of jobs, from which those that are over fall out by themselves.
 *
 * @module
 */
import type { Job } from "./job.ts";

/** Jobs that wait for a worker. */
export class JobQueue {
  #jobs: Job[] = [];
  #start = 0;

  /** Adds a job at the end. */
  push(job: Job): void {
    this.#jobs.push(job);
  }

  /** The first job that is not over, which stays. */
  peek(): Job | undefined {
    while (this.#start < this.#jobs.length && this.#jobs[this.#start]!.isOver) this.#start++;
    if (this.#start > 1024 && 2 * this.#start > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#start);
      this.#start = 0;
    }
    return this.#jobs[this.#start];
  }

  /** Takes the first job away. */
  shift(): void {
    this.#start++;
  }

  /** Takes all jobs away that are not over. */
  drain(): Job[] {
    const left = this.#jobs.slice(this.#start).filter(({ isOver }) => !isOver);
    this.#jobs = [];
    this.#start = 0;
    return left;
  }
}
