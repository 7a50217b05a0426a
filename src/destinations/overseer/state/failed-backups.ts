import type { LiveObject } from "../../../plan/live.js";
import type { CoreState } from "./core-state.js";

/** Returns which of the apps have no current backup, each with the cause and the time of the last one, sorted by name. */
export function failedBackups(
  objects: Iterable<Pick<LiveObject, "id" | "uid">>,
  state: Pick<CoreState, "byId">,
): string[] {
  const found: string[] = [];
  for (const { id, uid } of objects) {
    if (id.kind !== "App") continue;
    const backup = state.byId("app", uid)?.backup;
    if (backup == null || backup.problem === null) continue;
    const last = backup.lastSuccess === null ? "there is no earlier one" : `the last one is of ${backup.lastSuccess}`;
    found.push(`app ${id.name}: ${backup.problem}; ${last}`);
  }
  return found.sort();
}
