import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Output } from "./outputs.js";

/** Folder of the dashboards and alerts, which also work without the chart. */
const SOURCE = "dashboards";
/** Folder of their copies: a chart can read only its own files. */
const COPIES = "charts/overseer-gitops/files/dashboards";

/** Returns the copies of dashboards and alerts for the chart. `root`: root of the repository. */
export function monitoringOutputs(root: string): Output[] {
  return readdirSync(join(root, SOURCE))
    .sort()
    .map((name) => ({ path: `${COPIES}/${name}`, text: readFileSync(join(root, SOURCE, name), "utf8") }));
}
