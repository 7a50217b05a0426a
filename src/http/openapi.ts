import { z } from "zod";
import { PROBLEM_TYPE, Problem } from "../api/problem.js";
import { VERSION } from "../version.js";
import type { ResponseBodies, RouteFacts } from "./route.js";
import { SchemaWriter } from "./schema-writer.js";

type Schema = Readonly<Record<string, unknown>>;

/** Who may call a route, for readers of the document. */
export interface AccessText {
  /** One sentence, like `Role: admin.` */
  readonly description: string;
  /** Names of the security schemes, each of which suffices; empty if the route needs none. */
  readonly schemes: readonly string[];
}

/** An API as its document describes it. */
export interface ApiDescription<Access> {
  readonly title: string;
  readonly description: string;
  readonly routes: readonly RouteFacts<Access>[];
  /** Security schemes by name, as OpenAPI writes them. */
  readonly securitySchemes: Readonly<Record<string, Schema>>;
  readonly describeAccess: (access: Access) => AccessText;
  /** Schemas that are components of the document; all others are inlined. */
  readonly schemas: Readonly<Record<string, z.ZodType>>;
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: "Success.",
  201: "Created.",
  202: "Accepted: the work continues.",
  204: "Success, without content.",
  304: "Not modified.",
  503: "Not ready.",
};

/** Schema of the response that is an OpenAPI document. */
export const OpenApiDocument = z.record(z.string(), z.unknown()).describe("OpenAPI 3.1.");

/** Returns the OpenAPI 3.1 document of an API. */
export function describeApi<Access>(api: ApiDescription<Access>): Record<string, unknown> {
  const writer = new SchemaWriter({ Problem, ...api.schemas });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const facts of api.routes) {
    const path = facts.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [facts.method.toLowerCase()]: operation(facts, api.describeAccess, writer) };
  }
  const { title, description, securitySchemes } = api;
  return {
    openapi: "3.1.0",
    info: { title, version: VERSION, description, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    paths,
    components: { securitySchemes, schemas: writer.components() },
  };
}

function operation<Access>(
  facts: RouteFacts<Access>,
  describeAccess: (access: Access) => AccessText,
  writer: SchemaWriter,
): Schema {
  const { method, path, summary, access, body } = facts;
  const { description, schemes } = describeAccess(access);
  const area = /^\/(?:api\/)?([^/]+)/.exec(path)?.[1]?.replace(/\..*/, "");
  return {
    operationId: operationId(method, path),
    summary,
    description,
    ...(area === undefined ? {} : { tags: [area] }),
    security: schemes.map((name) => ({ [name]: [] })),
    parameters: parameters(facts, writer),
    ...(body === undefined ? {} : { requestBody: requestBody(body, writer) }),
    responses: { ...describeResponses(facts, writer), default: errorResponse(writer) },
  };
}

function requestBody(body: z.ZodType | "stream", writer: SchemaWriter): Schema {
  if (body === "stream") return { required: true, content: { "*/*": { schema: {} } } };
  return { required: !body.safeParse(undefined).success, content: json(writer.write(body, "input")) };
}

function parameters({ method, path, params, query, conditional, waits, responses }: RouteFacts, writer: SchemaWriter) {
  const header = (name: string, description: string): Schema => {
    return { name, in: "header", schema: { type: "string" }, description };
  };
  const ofPath = propertiesOf(params, writer);
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  return [
    ...names.map((name) => ({ name, in: "path", required: true, schema: ofPath[name] ?? { type: "string" } })),
    ...Object.entries(propertiesOf(query, writer)).map(([name, schema]) => ({ name, in: "query", schema })),
    ...(hasTag(responses, method) ? [header("If-None-Match", "ETags of the responses that the client has.")] : []),
    ...(conditional ? [header("If-Match", "ETag of the resource to modify.")] : []),
    ...(waits === undefined ? [] : [header("Prefer", `wait=N: wait for at most N seconds, up to ${waits}.`)]),
  ];
}

function propertiesOf(schema: z.ZodType | undefined, writer: SchemaWriter): Schema {
  return schema === undefined ? {} : ((writer.write(schema, "input") as { properties?: Schema }).properties ?? {});
}

function describeResponses(
  { responses: bodies, method, conditional }: RouteFacts,
  writer: SchemaWriter,
): Record<string, Schema> {
  const described = Object.entries(bodies).map(([status, schema]): [string, Schema] => {
    const description = STATUS_TEXTS[Number(status)] ?? "Success.";
    if (schema === "empty") return [status, { description }];
    if (schema === "text") return [status, { description, content: { "text/plain": { schema: { type: "string" } } } }];
    if ("stream" in schema)
      return [status, { description, content: { [schema.stream]: { schema: { type: "string" } } } }];
    const headers = { ETag: { schema: { type: "string" }, description: "Changes when the response changes." } };
    const tagged = method === "GET" || conditional || status === "201";
    return [status, { description, ...(tagged && { headers }), content: json(writer.write(schema, "output")) }];
  });
  const unchanged: [string, Schema][] = hasTag(bodies, method)
    ? [["304", { description: STATUS_TEXTS[304] ?? "" }]]
    : [];
  return Object.fromEntries([...described, ...unchanged]);
}

/** Whether responses have an ETag that `If-None-Match` compares. */
function hasTag(bodies: ResponseBodies, method: string): boolean {
  const body = bodies[200];
  return method === "GET" && typeof body === "object" && !("stream" in body);
}

function errorResponse(writer: SchemaWriter): Schema {
  return {
    description: "An error, identified by its code.",
    content: { [PROBLEM_TYPE]: { schema: writer.write(Problem, "output") } },
  };
}

function json(schema: unknown): Schema {
  return { "application/json": { schema } };
}

/** `PUT /api/nodes/:id/config` → `putNodesConfig`, `GET /api/nodes` → `getNodes`, `GET /api/nodes/:id` → `getNodesById`. */
function operationId(method: string, path: string): string {
  const last = /:(\w+)$/.exec(path)?.[1];
  const words = path
    .replace(/^\/api\//, "/")
    .split("/")
    .filter((part) => part !== "" && !part.startsWith(":"));
  const pascal = [...words.flatMap((word) => word.split(/[^a-z]+/i)), ...(last === undefined ? [] : ["by", last])]
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  return `${method.toLowerCase()}${pascal}`;
}
