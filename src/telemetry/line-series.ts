import type { Count, Family, Labels, Level, MetricText } from "./instruments.js";

/** A series and its current value. */
export type Sample<Name extends string> = readonly [labels: Labels<Name>, value: number];

/** One metric as it is rendered. */
interface RenderedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  lines(): Iterable<string>;
}

/**
 * Metrics with one series per custom resource, of which there may be tens of thousands. The text of each series is kept until its value
 * changes, so that a scrape only concatenates.
 */
export class LineSeries {
  readonly #metrics: RenderedMetric[] = [];
  /** Labels of all series. */
  readonly #common: Readonly<Record<string, string>>;

  constructor(common: Readonly<Record<string, string>> = {}) {
    this.#common = common;
  }

  /** Creates a gauge. */
  levels<Name extends string>(text: MetricText<Name>): Family<Name, Level> {
    return this.#family(text, "gauge");
  }

  /** Creates a counter. */
  counts<Name extends string>(text: MetricText<Name>): Family<Name, Count> {
    return this.#family(text, "counter");
  }

  /** Creates a gauge whose series are computed at each scrape. */
  collected<Name extends string>(text: MetricText<Name>, collect: () => Iterable<Sample<Name>>): void {
    const { name, help, labels: names } = text;
    const common = this.#common;
    const lines = function* (): Iterable<string> {
      for (const [labels, value] of collect()) yield line(name, names, labels, common, value);
    };
    this.#metrics.push({ name, help, type: "gauge", lines });
  }

  /** Returns all series in the Prometheus text format. */
  render(): string {
    const parts: string[] = [];
    for (const { name, help, type, lines } of this.#metrics) {
      parts.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
      for (const text of lines()) parts.push(text);
    }
    return parts.length === 0 ? "" : `${parts.join("\n")}\n`;
  }

  #family<Name extends string>(text: MetricText<Name>, type: "counter" | "gauge"): Family<Name, Level> {
    const { name, help, labels: names } = text;
    const lines = new Map<string, string>();
    const values = new Map<string, number>();
    this.#metrics.push({ name, help, type, lines: () => lines.values() });
    const common = this.#common;
    const keyOf = (labels: Labels<Name>): string => names.map((label) => labels[label]).join("\u0000");
    return {
      of(labels) {
        const key = keyOf(labels);
        const set = (value: number): void => {
          if (values.get(key) === value) return;
          values.set(key, value);
          lines.set(key, line(name, names, labels, common, value));
        };
        return {
          set,
          inc: (by = 1) => set((values.get(key) ?? 0) + by),
          dec: (by = 1) => set((values.get(key) ?? 0) - by),
        };
      },
      remove(labels) {
        values.delete(keyOf(labels));
        lines.delete(keyOf(labels));
      },
    };
  }
}

function line<Name extends string>(
  name: string,
  names: readonly Name[],
  labels: Labels<Name>,
  common: Readonly<Record<string, string>>,
  value: number,
): string {
  const pairs = names.map((label) => `${label}="${escapeLabel(labels[label])}"`);
  for (const [label, text] of Object.entries(common)) pairs.push(`${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
