import { z } from "zod";
import { AuditPart, AuditQuery } from "../../api/rest/audit.js";
import { NewObjects, PlannedObject } from "../../api/rest/changes.js";
import { CoreList } from "../../api/rest/cores.js";
import {
  DesiredDocuments,
  DocumentsQuery,
  ObjectComparison,
  ObjectQuery,
  ObservedObjects,
} from "../../api/rest/desired.js";
import { ObjectParams } from "../../api/rest/fields.js";
import { nothingHere, ProblemError } from "../../http/problem.js";
import { RawJson } from "../../http/raw-json.js";
import { type Route, routesFor } from "../../http/route.js";
import type { KubeObject } from "../../manifest/document.js";
import { auditPart } from "./audit.js";
import { coreList } from "./cores.js";
import {
  compareObject,
  desiredDocuments,
  type LeaderFacts,
  observedObjects,
  WholePlanName,
  wholePlanActions,
  wholePlanName,
} from "./facts.js";

import { newObjects } from "./new-objects.js";

/** Path prefix of the internal routes. */
export const INTERNAL = "/internal/v1";
/** Largest live object that is compared: the API server stores less. */
const MAX_BODY_BYTES = 4 * 2 ** 20;

const route = routesFor<"role", undefined>();

/** Query of the trail: the cursor is that of this process. */
const TrailQuery = AuditQuery.extend({ before: z.string().max(64).optional() });

/** A Change, the name of its plan, and the actions of that plan. */
const PlanParams = z.strictObject({ uid: z.string().max(64) });
const PlanQuery = z.strictObject({
  planHash: z.string().max(64),
  /** Who is given the plan. */
  user: z.string().max(1024),
  /** Namespace and name of the app. */
  app: z.string().max(320),
});
const ActionsQuery = z.strictObject({ digest: z.string().max(64) });

/** Body of a comparison. */
const Comparison = z.strictObject({
  object: ObjectQuery,
  live: z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({}) }).optional(),
});

/** Body of a request for the fields of new objects. */
const NewObjectsBody = z.strictObject({ inputs: z.string().max(64), objects: z.array(PlannedObject).max(5_000) });

/** Returns the routes that the role api calls on the leader. `facts`: undefined while this process does not lead. */
export function internalRoutes(facts: () => LeaderFacts | undefined): Route<"role", undefined>[] {
  const known = (): LeaderFacts => {
    const found = facts();
    if (found !== undefined) return found;
    throw new ProblemError("NOT_READY", "this process is not the leader", { retryAfter: 5 });
  };
  const orNothing = <T>(value: T | undefined): T => {
    if (value === undefined) throw nothingHere();
    return value;
  };
  return [
    route({
      method: "GET",
      path: `${INTERNAL}/apps/:namespace/:name/documents`,
      summary: "Returns the documents of an app.",
      access: "role",
      params: ObjectParams,
      query: DocumentsQuery,
      responses: { 200: DesiredDocuments },
      handle: ({ params: { namespace, name }, query: { inputs = "applied" } }) => ({
        status: 200,
        body: orNothing(desiredDocuments(known(), `${namespace}/${name}`, inputs)),
      }),
    }),
    route({
      method: "POST",
      path: `${INTERNAL}/apps/:namespace/:name/compare`,
      summary: "Compares a document of an app with its live object.",
      access: "role",
      maxBodyBytes: MAX_BODY_BYTES,
      params: ObjectParams,
      query: DocumentsQuery,
      body: Comparison,
      responses: { 200: ObjectComparison },
      handle: ({ params: { namespace, name }, query: { inputs = "applied" }, body: { object, live } }) => ({
        status: 200,
        body: orNothing(compareObject(known(), `${namespace}/${name}`, object, live as KubeObject | undefined, inputs)),
      }),
    }),
    route({
      method: "POST",
      path: `${INTERNAL}/apps/:namespace/:name/new-objects`,
      summary: "Returns the fields of objects that a Change of an app creates.",
      access: "role",
      maxBodyBytes: MAX_BODY_BYTES,
      params: ObjectParams,
      body: NewObjectsBody,
      responses: { 200: NewObjects },
      handle: ({ params: { namespace, name }, body }) => ({
        status: 200,
        body: newObjects(known(), `${namespace}/${name}`, body),
      }),
    }),
    route({
      method: "GET",
      path: `${INTERNAL}/apps/:namespace/:name/objects`,
      summary: "Returns the live objects of an app, as they were last observed.",
      access: "role",
      params: ObjectParams,
      responses: { 200: ObservedObjects },
      handle: ({ params: { namespace, name } }) => ({
        status: 200,
        body: orNothing(observedObjects(known(), `${namespace}/${name}`)),
      }),
    }),
    route({
      method: "GET",
      path: `${INTERNAL}/plans/:uid`,
      summary: "Returns what names the plan of a Change that its status cannot show completely.",
      access: "role",
      params: PlanParams,
      query: PlanQuery,
      responses: { 200: WholePlanName },
      handle: ({ params: { uid }, query }) => ({
        status: 200,
        body: orNothing(wholePlanName(known(), uid, query)),
      }),
    }),
    route({
      method: "GET",
      path: `${INTERNAL}/plans/:uid/actions`,
      summary: "Returns the actions of the plan of a Change that its status cannot show completely.",
      access: "role",
      params: PlanParams,
      query: ActionsQuery,
      responses: { 200: z.array(z.unknown()) },
      handle: ({ params: { uid }, query: { digest } }) => {
        const actions = orNothing(wholePlanActions(known(), uid, digest));
        return { status: 200, etag: `"${digest}"`, body: new RawJson([actions]) };
      },
    }),
    route({
      method: "GET",
      path: `${INTERNAL}/cores`,
      summary: "Returns the Cores that apps have as destination, as they were last observed.",
      access: "role",
      responses: { 200: CoreList },
      handle: () => ({ status: 200, body: coreList(known().cores()) }),
    }),
    route({
      method: "GET",
      path: `${INTERNAL}/audit`,
      summary: "Returns records of the audit trail of the leader.",
      access: "role",
      query: TrailQuery,
      responses: { 200: AuditPart },
      handle: async ({ query }) => ({ status: 200, body: await auditPart(known().trail, query, query.before) }),
    }),
  ];
}
