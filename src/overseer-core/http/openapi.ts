import { z } from "zod";
import { CoreApp, CoreAppCreate, CoreAppUpdate, CoreAppVersion } from "../../api/core/app.js";
import { CoreAuditEvent } from "../../api/core/audit.js";
import { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../api/core/backup-policy.js";
import { CoreChanges, MAX_WAIT_SECONDS } from "../../api/core/changes.js";
import { CoreError } from "../../api/core/error.js";
import { CoreJob, CoreJobEnd, CoreJobLogs, CoreJobWork } from "../../api/core/job.js";
import { CoreNode, CoreNodeConfigWrite, CoreNodeRegister } from "../../api/core/node.js";
import { CoreRoute, CoreRouteWrite, CoreSignInProvider, CoreSignInProviderWrite } from "../../api/core/route.js";
import { CoreSecret, CoreSecretCreate, CoreSecretUpdate } from "../../api/core/secret.js";
import { CoreToken, CoreTokenCreate } from "../../api/core/token.js";
import { VERSION } from "../../version.js";
import { type ResponseBodies, type Route, type RouteFacts, route } from "./route.js";

type Schema = Readonly<Record<string, unknown>>;

/** Schemas that are components of the document; all others are inlined. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  App: CoreApp,
  AppCreate: CoreAppCreate,
  AppUpdate: CoreAppUpdate,
  AppVersion: CoreAppVersion,
  AuditEvent: CoreAuditEvent,
  BackupPolicy: CoreBackupPolicy,
  BackupPolicyWrite: CoreBackupPolicyWrite,
  Changes: CoreChanges,
  Error: CoreError,
  Job: CoreJob,
  JobEnd: CoreJobEnd,
  JobLogs: CoreJobLogs,
  JobWork: CoreJobWork,
  Node: CoreNode,
  NodeConfigWrite: CoreNodeConfigWrite,
  NodeRegister: CoreNodeRegister,
  Route: CoreRoute,
  RouteWrite: CoreRouteWrite,
  Secret: CoreSecret,
  SecretCreate: CoreSecretCreate,
  SecretUpdate: CoreSecretUpdate,
  SignInProvider: CoreSignInProvider,
  SignInProviderWrite: CoreSignInProviderWrite,
  Token: CoreToken,
  TokenCreate: CoreTokenCreate,
};

const STATUS_DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: "Success.",
  201: "Created.",
  202: "Accepted: the job reports the progress.",
  204: "Success, without content.",
  304: "Not modified.",
};

/** Returns the route that serves the OpenAPI 3.1 document of these routes and of itself. */
export function openApiRoute(routes: readonly Route[]): Route {
  const facts = {
    method: "GET",
    path: "/openapi.json",
    summary: "This document.",
    roles: "anonymous",
    responses: { 200: z.record(z.string(), z.unknown()).describe("OpenAPI 3.1.") },
  } as const;
  let document: Record<string, unknown> | undefined;
  return route({
    ...facts,
    handle: () => {
      document ??= describeApi([...routes, facts]);
      return { status: 200, body: document };
    },
  });
}

function describeApi(routes: readonly RouteFacts[]): Record<string, unknown> {
  const writer = new SchemaWriter();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const facts of routes) {
    const path = facts.path.replace(":id", "{id}");
    paths[path] = { ...paths[path], [facts.method.toLowerCase()]: operation(facts, writer) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Overseer Core", version: VERSION, description: "The API of the embedded Overseer Core." },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: writer.components(),
    },
  };
}

function operation(facts: RouteFacts, writer: SchemaWriter): Schema {
  const { method, path, summary, roles, body, responses } = facts;
  const access = roles === "anonymous" ? "Needs no token." : `Role: ${roles.join(" or ")}.`;
  return {
    operationId: operationId(method, path),
    summary,
    description: access,
    tags: [path.split("/")[2] ?? "core"],
    ...(roles === "anonymous" ? { security: [] } : {}),
    parameters: parameters(facts, writer),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !body.safeParse(undefined).success, content: json(writer.write(body, "input")) } }),
    responses: { ...describeResponses(responses, method, writer), default: errorResponse(writer) },
  };
}

function parameters({ method, path, query, conditional, waits }: RouteFacts, writer: SchemaWriter): Schema[] {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    schema: { type: "string" },
    description,
  });
  const { properties = {} } = query === undefined ? {} : (writer.write(query, "input") as { properties?: Schema });
  return [
    ...(path.includes(":id") ? [{ name: "id", in: "path", required: true, schema: { type: "string" } }] : []),
    ...Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema })),
    ...(method === "GET" ? [header("If-None-Match", "ETags of the responses that the client has.")] : []),
    ...(conditional ? [header("If-Match", "ETag of the resource to modify.")] : []),
    ...(waits ? [header("Prefer", `wait=N: wait for at most N seconds, up to ${MAX_WAIT_SECONDS}.`)] : []),
  ];
}

function describeResponses(bodies: ResponseBodies, method: string, writer: SchemaWriter): Record<string, Schema> {
  const described = Object.entries(bodies).map(([status, schema]): [string, Schema] => {
    const description = STATUS_DESCRIPTIONS[Number(status)] ?? "Success.";
    if (schema === "empty") return [status, { description }];
    const headers = { ETag: { schema: { type: "string" }, description: "Changes when the response changes." } };
    return [status, { description, headers, content: json(writer.write(schema, "output")) }];
  });
  const unchanged: [string, Schema][] =
    method === "GET" ? [["304", { description: STATUS_DESCRIPTIONS[304] ?? "" }]] : [];
  return Object.fromEntries([...described, ...unchanged]);
}

function errorResponse(writer: SchemaWriter): Schema {
  return { description: "An error, identified by its code.", content: json(writer.write(CoreError, "output")) };
}

function json(schema: unknown): Schema {
  return { "application/json": { schema } };
}

/** `PUT /api/nodes/:id/config` → `putNodesConfig`, `GET /api/nodes` → `getNodes`, `GET /api/nodes/:id` → `getNodesById`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api/, "")
    .replace(/:id$/, "by-id")
    .split(/[^a-z]+/i)
    .filter((word) => word !== "" && word !== "id" && word !== "json");
  const name = words.map((word) => (word[0] ?? "").toUpperCase() + word.slice(1)).join("");
  return `${method.toLowerCase()}${name}`.replace("ById", path.endsWith(":id") ? "ById" : "");
}

/** Converts zod schemas to JSON Schemas that refer to components by `#/components/schemas/`. */
class SchemaWriter {
  readonly #names = z.registry<{ id: string }>();
  readonly #components: Record<string, unknown> = {};

  constructor() {
    for (const [id, schema] of Object.entries(NAMED)) this.#names.add(schema, { id });
  }

  write(schema: z.ZodType, io: "input" | "output"): unknown {
    const name = this.#names.get(schema)?.id;
    const written = z.toJSONSchema(schema, { io, metadata: this.#names, unrepresentable: "any" });
    const {
      $schema: _,
      $defs: defs = {},
      id: __,
      ...rest
    } = relink(written) as Record<string, unknown> & { $defs?: object };
    for (const [id, definition] of Object.entries(defs)) this.#components[id] ??= withoutId(definition);
    if (name === undefined) return rest;
    this.#components[name] ??= rest;
    return { $ref: `#/components/schemas/${name}` };
  }

  components(): Record<string, unknown> {
    const sorted = Object.entries(this.#components).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}

function withoutId(definition: unknown): unknown {
  const { id: _, ...rest } = definition as Record<string, unknown>;
  return rest;
}

function relink(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
