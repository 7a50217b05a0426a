import { findCondition } from "../../../api/conditions.js";
import type { GitRepository } from "../../../api/git-repository.js";
import { Accepted, EmptyBody } from "../../../api/rest/actions.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { ConnectionTest } from "../../../api/rest/repositories.js";
import { shortRevision } from "../../../api/short-revision.js";
import { unlessAborted } from "../../../base/abort.js";
import { readObject } from "../read-object.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { requestReconcile } from "./app-actions.js";

/** How long a request waits for the poll, and how often it looks. In milliseconds. */
const WAIT_MS = 20_000;
const PAUSE_MS = 250;

/** Route that polls a repository now, and returns how that went. The operator polls: this role has no credential of a repository. */
export function connectionTestRoutes(parts: RestParts): RestRoute[] {
  const { users, resources, clock } = parts;
  return [
    restRoute({
      method: "POST",
      path: "/api/gitops/repositories/:namespace/:name/test",
      summary:
        "Tests the connection of a repository: polls it now. 202 if the operator has not done that within 20 seconds.",
      access: "user",
      params: ObjectParams,
      body: EmptyBody,
      responses: { 200: ConnectionTest, 202: Accepted },
      handle: async ({ caller, params: { namespace, name }, signal }) => {
        const requested = await requestReconcile(parts, caller, resources.repository, namespace, name);
        const end = clock.monotonic() + WAIT_MS;
        while (clock.monotonic() < end && !signal.aborted) {
          const kube = users.as(caller);
          const { status } = await readObject<GitRepository>(kube, resources.repository, namespace, name);
          if (status?.lastHandledReconcileAt === requested) return { status: 200, body: resultOf(status) };
          await unlessAborted(new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve)), signal);
        }
        return { status: 202, body: { namespace, name } };
      },
    }),
  ];
}

function resultOf({ conditions, revision }: NonNullable<GitRepository["status"]>): ConnectionTest {
  const ready = findCondition(conditions, "Ready");
  const { reason = "Unknown", message = "" } = ready ?? {};
  return {
    ...{ reachable: ready?.status === "True", reason, message },
    ...(revision === undefined ? {} : { revision: shortRevision(revision) }),
  };
}
