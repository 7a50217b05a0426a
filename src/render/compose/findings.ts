import type { Reporter } from "../overseer/reporter.js";

/** Reports that a value is converted with a loss. The app is applied nevertheless. */
export function warn(report: Reporter, message: string): void {
  report.note(`warning: ${message}`);
}
