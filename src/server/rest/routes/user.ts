import { Whoami } from "../../../api/rest/user.js";
import { rfc3339 } from "../../../base/clock.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

/** Routes about the user of the request. */
export function userRoutes({ programVersion }: Pick<RestParts, "programVersion">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/whoami",
      summary: "Returns the user of the request.",
      access: "user",
      responses: { 200: Whoami },
      handle: ({ caller: { name, groups, signedInBy, expires } }) => {
        const body: Whoami = { name, groups: [...groups], signedInBy, version: programVersion };
        return { status: 200, body: expires === undefined ? body : { ...body, expires: rfc3339(expires) } };
      },
    }),
  ];
}
