import { z } from "zod";
import { nothingHere } from "../../../../src/http/problem.js";
import { type Route, route } from "../../../../src/server/route.js";

const Name = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "expected the name of an object");

/** Route of the revision that a GitRepository has. */
export function revisionRoute(revisionOf: (repository: string) => string | undefined): Route {
  return route({
    method: "GET",
    path: "/api/gitops/repositories/:namespace/:name/revision",
    summary: "Returns the revision of a GitRepository.",
    access: "anonymous",
    params: z.object({ namespace: Name, name: Name }),
    responses: { 200: z.object({ revision: z.string() }) },
    handle: ({ params: { namespace, name } }) => {
      const revision = revisionOf(`${namespace}/${name}`);
      if (revision === undefined) throw nothingHere();
      return { status: 200, body: { revision } };
    },
  });
}
