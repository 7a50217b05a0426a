/** The parts of a V8 CPU profile (`.cpuprofile`) that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
      readonly columnNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  /** Node ids, one per sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before, one per sample. */
  readonly timeDeltas: readonly number[];
}

/** A function as a summary names it. */
export interface Place {
  readonly name: string;
  /** Source file and line, or what else tells where the time goes. */
  readonly where: string;
  /** The room, package or part of Node that it belongs to. */
  readonly part: string;
}

/** Finds the source of a call frame. */
export type Locate = (frame: CpuProfile["nodes"][number]["callFrame"]) => Place;

/** Time of one function or part, in milliseconds. */
export interface Share {
  readonly what: string;
  readonly selfMs: number;
  /** With all that it calls. */
  readonly totalMs: number;
}

/** Where the time of a profile goes; time without work is left out. */
export interface ProfileSummary {
  readonly busyMs: number;
  /** Most self time first. */
  readonly functions: readonly Share[];
  readonly parts: readonly Share[];
}

/** Adds a profile up by function and by part. Recursion and a part that calls itself count once in the total. */
export function summarise(profile: CpuProfile, locate: Locate): ProfileSummary {
  const parents = new Map<number, number>();
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parents.set(child, id);
  const places = new Map(profile.nodes.map((node) => [node.id, locate(node.callFrame)]));
  const idle = new Set(
    profile.nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id),
  );
  const self = selfTimes(profile);
  const functions = new Tally();
  const parts = new Tally();
  let busy = 0;
  for (const [node, micros] of self) {
    if (idle.has(node)) continue;
    busy += micros;
    const stack: Place[] = [];
    for (let at: number | undefined = node; at !== undefined; at = parents.get(at)) stack.push(places.get(at) as Place);
    functions.add(
      stack.map(({ name, where }) => `${name} ${where}`),
      micros,
    );
    parts.add(
      stack.map(({ part }) => part),
      micros,
    );
  }
  return { busyMs: busy / 1000, functions: functions.shares(), parts: parts.shares() };
}

function selfTimes(profile: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  profile.samples.forEach((node, index) => {
    // The time up to the next sample is spent where this one was taken.
    times.set(node, (times.get(node) ?? 0) + Math.max(0, profile.timeDeltas[index + 1] ?? 0));
  });
  return times;
}

class Tally {
  readonly #self = new Map<string, number>();
  readonly #total = new Map<string, number>();

  /** Takes time in: for the innermost as its own, for all once as a total. */
  add(stack: readonly string[], micros: number): void {
    const [own = ""] = stack;
    this.#self.set(own, (this.#self.get(own) ?? 0) + micros);
    for (const what of new Set(stack)) this.#total.set(what, (this.#total.get(what) ?? 0) + micros);
  }

  shares(): Share[] {
    const all = [...this.#total].map(([what, micros]) => ({
      what,
      selfMs: (this.#self.get(what) ?? 0) / 1000,
      totalMs: micros / 1000,
    }));
    return all.sort((a, b) => b.selfMs - a.selfMs || b.totalMs - a.totalMs);
  }
}
