import { ObjectParams } from "../../../api/rest/fields.js";
import { LogQuery } from "../../../api/rest/logs.js";
import { ProblemError } from "../../../http/problem.js";
import { LogStream } from "../logs/log-stream.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { readApp } from "./apps.js";

const NDJSON = "application/x-ndjson";
const DEFAULT_TAIL = 1_000;

/** Route of logs. */
export function logRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/apps/:namespace/:name/logs",
      summary: "Streams the log of a container as NDJSON, with the permissions of the user.",
      access: "user",
      params: ObjectParams,
      query: LogQuery,
      responses: { 200: { stream: NDJSON } },
      handle: async ({ caller, params, query, signal }) => {
        const { spec } = await readApp(parts, caller, params.namespace, params.name);
        if (spec.destination.kubernetes === undefined || spec.destination.kubernetes.kubeConfigSecretRef !== undefined)
          throw new ProblemError("CONFLICT", "the app is not in this cluster: read its logs at its destination");
        const [namespace = "", pod = ""] = query.pod.split("/");
        const { container, since, follow, previous, tail } = query;
        const request = { namespace, pod, container, since, follow: follow === "true", previous: previous === "true" };
        const mayGoOn = async (): Promise<boolean> => {
          await parts.stillSignedIn(caller);
          return parts.rights.mayReadLog(caller, namespace, pod);
        };
        const until = request.follow ? { clock: parts.clock, expires: caller.expires, mayGoOn } : undefined;
        const stream = await parts.streams.open(caller.name, signal, () =>
          LogStream.open(parts.users.as(caller), { ...request, tail: Number(tail ?? DEFAULT_TAIL) }, until),
        );
        return { status: 200, contentType: NDJSON, body: stream.body };
      },
    }),
  ];
}
