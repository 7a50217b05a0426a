import { randomBytes } from "node:crypto";
import { ANNOTATION_NOTIFY_TEST, GROUP, VERSION } from "../../../api/group.js";
import { EmptyBody } from "../../../api/rest/actions.js";
import { RequestedTest } from "../../../api/rest/channels.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { nothingHere } from "../../../http/problem.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { patchObject } from "./app-actions.js";

/** Route that requests a test message of a NotificationChannel, in the name of the user. */
export function channelRoutes(parts: Pick<RestParts, "clock" | "users" | "kinds">): RestRoute[] {
  const { clock, kinds } = parts;
  return [
    restRoute({
      method: "POST",
      path: "/api/gitops/channels/:namespace/:name/test",
      summary: "Requests a test message of a NotificationChannel. Its status says when the receiver has accepted it.",
      access: "user",
      params: ObjectParams,
      body: EmptyBody,
      responses: { 202: RequestedTest },
      handle: async ({ caller, params: { namespace, name } }) => {
        const resource = await kinds.findAny({ group: GROUP, version: VERSION, kind: "NotificationChannel" });
        if (resource === undefined) throw nothingHere();
        const requested = `${new Date(clock.now()).toISOString()} api ${randomBytes(4).toString("hex")}`;
        const patch = { metadata: { annotations: { [ANNOTATION_NOTIFY_TEST]: requested } } };
        await patchObject(parts, caller, resource, namespace, name, patch);
        return { status: 202, body: { namespace, name, requested } };
      },
    }),
  ];
}
