import { childCpuSeconds } from "./process-usage.js";

/** Adds up the CPU of runs of one kind: that of this process, and that of its children, which must have ended with the run. */
export class CpuMeter {
  #runs = 0;
  #ownMs = 0;
  #childrenMs = 0;

  /** Measures one run. Nothing else may run in this process meanwhile. */
  async of<T>(work: () => Promise<T>): Promise<T> {
    const [own, children] = [process.cpuUsage(), childCpuSeconds(process.pid)];
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(own);
      this.#runs += 1;
      this.#ownMs += (user + system) / 1000;
      this.#childrenMs += (childCpuSeconds(process.pid) - children) * 1000;
    }
  }

  /** Milliseconds per run, children included. That of children is counted in steps of 10 ms: only a mean of many runs is exact. */
  get meanMs(): number {
    return (this.#ownMs + this.#childrenMs) / this.#runs;
  }

  /** Milliseconds per run of this process alone. */
  get meanOwnMs(): number {
    return this.#ownMs / this.#runs;
  }
}
