import { z } from "zod";
import { MAX_WAIT_SECONDS } from "../../../api/core/changes.js";
import { messageOf } from "../../../base/errors.js";
import { ProblemError } from "../../../http/problem.js";
import type { CoreBackup } from "../../operations/core-backup.js";
import type { Store } from "../../store/store.js";
import { type Route, route, withMessage } from "../route.js";

/** Route that backs up the Core itself now. */
export function coreBackupRoute(store: Store, backup: CoreBackup | undefined): Route {
  return route({
    method: "POST",
    path: "/api/backups/core",
    summary: "Copies the database of the Core to its --backup-dir now, and returns the path of the copy.",
    access: ["admin"],
    responses: { 201: withMessage("file", z.string().describe("Path on the machine of the Core.")) },
    waits: MAX_WAIT_SECONDS,
    handle: async ({ caller: token }) => {
      if (backup === undefined) throw new ProblemError("CONFLICT", "backups of the Core are off: set --backup-dir");
      let file: string;
      try {
        file = await backup.run();
      } catch (error) {
        throw new ProblemError("CONFLICT", messageOf(error));
      }
      store.database.transaction(() =>
        store.audit.record({ actor: token.name, action: "core.backup", resourceId: null, details: { file } }),
      );
      return { status: 201, body: { message: "the Core is backed up", file } };
    },
  });
}
