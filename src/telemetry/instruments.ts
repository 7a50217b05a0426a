import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** A counter. */
export interface Count {
  inc(by?: number): void;
}

/** A gauge. */
export interface Level {
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
}

/** A histogram of durations, in seconds. */
export interface Timing {
  observe(seconds: number): void;
}

/** Label values of one series. */
export type Labels<Name extends string> = Readonly<Record<Name, string>>;

/**
 * A metric with labels. `of` returns the same object for the same labels; keep it on hot paths. Label values must come
 * from a small set (kinds, results, reasons).
 */
export interface Family<Name extends string, Instrument> {
  of(labels: Labels<Name>): Instrument;
  /** Removes one series, for example of a deleted object. */
  remove(labels: Labels<Name>): void;
}

/** Name, help text and labels of a metric. */
export interface MetricText<Name extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Name[];
}

/** Default histogram buckets, in seconds: from single requests to several minutes. */
export const WORK_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Creates metrics in one registry; there is no global registry. */
export class Instruments {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Creates a counter with labels. */
  counts<Name extends string>(text: MetricText<Name>): Family<Name, Count> {
    const counter = new Counter(this.#configuration(text));
    return family(text.labels, counter, (labels) => ({ inc: (by = 1) => counter.inc(labels, by) }));
  }

  /** Creates a gauge with labels. */
  levels<Name extends string>(text: MetricText<Name>): Family<Name, Level> {
    const gauge = new Gauge(this.#configuration(text));
    return family(text.labels, gauge, (labels) => ({
      set: (value) => gauge.set(labels, value),
      inc: (by = 1) => gauge.inc(labels, by),
      dec: (by = 1) => gauge.dec(labels, by),
    }));
  }

  /** Creates a histogram with labels. Each series starts at 0 when it is first used, so that its first increase counts. */
  timings<Name extends string>(text: MetricText<Name>, buckets = WORK_BUCKETS): Family<Name, Timing> {
    const histogram = new Histogram({ ...this.#configuration(text), buckets: [...buckets] });
    return family(text.labels, histogram, (labels) => {
      histogram.zero(labels);
      return { observe: (seconds) => histogram.observe(labels, seconds) };
    });
  }

  /** Creates a counter without labels, which starts at 0. */
  count(name: string, help: string): Count {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    return { inc: (by = 1) => counter.inc(by) };
  }

  /** Creates a gauge without labels, which starts at 0. */
  level(name: string, help: string): Level {
    const gauge = new Gauge({ name, help, registers: [this.#registry] });
    return { set: (value) => gauge.set(value), inc: (by = 1) => gauge.inc(by), dec: (by = 1) => gauge.dec(by) };
  }

  /** Creates a histogram without labels. */
  timing(name: string, help: string, buckets = WORK_BUCKETS): Timing {
    const histogram = new Histogram({ name, help, registers: [this.#registry], buckets: [...buckets] });
    return { observe: (seconds) => histogram.observe(seconds) };
  }

  #configuration<Name extends string>(text: MetricText<Name>) {
    return { name: text.name, help: text.help, labelNames: [...text.labels], registers: [this.#registry] };
  }
}

/** The part of a prom-client metric that removes a series. */
interface Removable<Name extends string> {
  remove(labels: Labels<Name>): void;
}

function family<Name extends string, Instrument>(
  names: readonly Name[],
  metric: Removable<Name>,
  make: (labels: Labels<Name>) => Instrument,
): Family<Name, Instrument> {
  const children = new Map<string, Instrument>();
  const keyOf = (labels: Labels<Name>): string => names.map((name) => labels[name]).join("\u0000");
  return {
    of(labels) {
      const key = keyOf(labels);
      const known = children.get(key);
      if (known !== undefined) return known;
      const child = make({ ...labels });
      children.set(key, child);
      return child;
    },
    remove(labels) {
      children.delete(keyOf(labels));
      metric.remove(labels);
    },
  };
}
