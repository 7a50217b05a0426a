import { PROBLEMS, type ProblemCode, problemUri } from "../../src/api/problem.js";
import { describeCore, routeTable } from "../../src/overseer-core/http/table.js";
import type { Liveness } from "../../src/overseer-core/operations/liveness.js";
import type { Store } from "../../src/overseer-core/store/store.js";
import { probeRoutes } from "../../src/server/probes.js";
import { describeRest, restRoutes } from "../../src/server/rest/api.js";
import type { RestParts } from "../../src/server/rest/route.js";
import { describeServer } from "../../src/server/route.js";
import { webhookRoute } from "../../src/server/webhooks/route.js";
import { cell, code, table } from "./markdown.js";
import type { Output } from "./outputs.js";

/** Directory of the OpenAPI documents. */
export const OPENAPI_FOLDER = "schemas/openapi";

/** Returns the OpenAPI documents of all servers, and the page of error codes. */
export function apiOutputs(): Output[] {
  const probes = probeRoutes({ notReady: () => [], metrics: unused, version: "" });
  const documents = {
    "overseer-core": describeCore(routeTable({} as Store, {} as Liveness)),
    "overseer-gitops-rest": describeRest(restRoutes({} as RestParts)),
    "overseer-gitops": describeServer([webhookRoute({ receive: unused }), ...probes]),
  };
  const written = Object.entries(documents).map(([name, document]) => ({
    path: `${OPENAPI_FOLDER}/${name}.json`,
    text: `${JSON.stringify(document, undefined, 2)}\n`,
  }));
  return [...written, { path: "docs/http-errors.md", text: errorPage() }];
}

/** Handlers are not called: only the declarations of the routes are read. */
function unused(): never {
  throw new Error("not called");
}

function errorPage(): string {
  const rows = (Object.keys(PROBLEMS) as ProblemCode[]).map((name) => {
    const { status, title } = PROBLEMS[name];
    return [code(name), String(status), cell(title)];
  });
  return `<!-- Generated from src/api/problem.ts; run make generate. -->
# HTTP errors

Every error response of the operator's server and of the embedded Overseer Core is a problem document
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the media type \`application/problem+json\`:

\`\`\`json
{
  "type": "${problemUri("CONFLICT")}",
  "title": "${PROBLEMS.CONFLICT.title}",
  "status": ${PROBLEMS.CONFLICT.status},
  "detail": "the app shop already exists with id 7",
  "code": "CONFLICT",
  "errors": [{ "pointer": "#/name", "detail": "the app shop already exists with id 7" }]
}
\`\`\`

\`code\` and \`type\` are stable; match one of them, never the texts. \`detail\` says what happened, where, and what to do. \`errors\` lists the
invalid parts of the request: a \`pointer\` into the body, or the name of a \`parameter\`. \`instance\` identifies a failure in the log of the
server. No response contains a secret value.

${table(["code", "status", "meaning"], rows)}
`;
}
