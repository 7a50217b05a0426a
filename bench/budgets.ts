import type { Figures } from "./figures.js";
import { significant } from "./statistics.js";
import { formatTable, type Row } from "./table.js";

/** What a figure may be at most. */
export interface Budget {
  readonly figure: string;
  readonly most: number;
  /** The budget is missed at the value itself too. */
  readonly exclusive?: boolean;
}

/** The budgets, for 100 apps of 20 ConfigMaps each and for 1,000 apps on a Core; see docs/performance.md for what each figure means. */
export const BUDGETS: readonly Budget[] = [
  { figure: "coldSync.ratio", most: 1.5 },
  { figure: "coldSync.cpuSeconds", most: 8 },
  { figure: "coldSync.requestsPerObject", most: 2.5 },
  { figure: "idle.cpuSecondsPerMinute", most: 0.3, exclusive: true },
  { figure: "idle.requestsPerMinute", most: 0 },
  { figure: "idle.rssMb", most: 110 },
  { figure: "peak.rssMb", most: 200 },
  { figure: "heal.p50Ms", most: 60, exclusive: true },
  { figure: "heal.p99Ms", most: 250, exclusive: true },
  { figure: "oneAppCommit.p50Ms", most: 500, exclusive: true },
  { figure: "unrelatedCommit.cpuMsPerApp", most: 1, exclusive: true },
  { figure: "noop.cpuMs", most: 15 },
  { figure: "noop.writes", most: 0 },
  { figure: "watched.rssDeltaMb", most: 25 },
  { figure: "coreCold.ratio", most: 1.5 },
  { figure: "coreCold.requestsPerApp", most: 2.2 },
  { figure: "coreIdle.cpuSecondsPerMinute", most: 0.3, exclusive: true },
  { figure: "coreIdle.coreRequestsPerMinute", most: 3 },
  { figure: "coreIdle.requestsPerMinute", most: 0 },
  { figure: "coreCommit.p50Ms", most: 500, exclusive: true },
  { figure: "coreCommit.otherWrites", most: 0 },
  { figure: "coreCommit.otherDeploys", most: 0 },
  { figure: "coreDrift.p50Ms", most: 60, exclusive: true },
  { figure: "coreDrift.p99Ms", most: 250, exclusive: true },
];

/** Whether a value keeps to a budget. */
export function keeps({ most, exclusive }: Budget, value: number): boolean {
  return exclusive ? value < most : value <= most;
}

/** Names of the figures that miss their budget. */
export function missed(figures: Figures): string[] {
  return BUDGETS.filter((budget) => !keeps(budget, figures[budget.figure] ?? 0)).map(({ figure }) => figure);
}

/** All figures as a table, with their budgets where they have one. */
export function figuresTable(figures: Figures): string {
  const rows = Object.entries(figures).map(([figure, value]): Row => {
    const budget = BUDGETS.find((one) => one.figure === figure);
    const shown = String(significant(value));
    if (!budget) return [figure, "", shown, ""];
    const limit = `${budget.exclusive ? "<" : "<="} ${budget.most}`;
    return [figure, limit, shown, keeps(budget, value) ? "ok" : "MISSED"];
  });
  return formatTable(["figure", "budget", "result", "verdict"], rows);
}
