import { CORE_OBJECT_GROUP, CORE_OBJECT_VERSION, type CoreObjectKind } from "../../../../src/api/core/objects.js";
import {
  AppRecord,
  type CoreRecords,
  JobRecord,
  NodeRecord,
  RouteRecord,
} from "../../../../src/destinations/overseer/state/core-records.js";
import type { CoreEventHandler } from "../../../../src/destinations/overseer/state/core-state.js";
import { CoreState } from "../../../../src/destinations/overseer/state/core-state.js";
import type { Document } from "../../../../src/manifest/document.js";
import { hashBody, toDocument } from "../../../../src/manifest/to-document.js";

const times = { createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" };

/** An app of a Core. */
export function app(fields: Partial<AppRecord> = {}): AppRecord {
  return AppRecord.parse({
    id: "a1",
    revision: 1,
    ...times,
    name: "web",
    compose: "services: {}\n",
    version: 1,
    status: "running",
    nodeId: "n1",
    metadata: {},
    ...fields,
  });
}

/** A node of a Core. */
export function node(fields: Partial<NodeRecord> = {}): NodeRecord {
  return NodeRecord.parse({
    id: "n1",
    revision: 1,
    ...times,
    name: "node-1",
    hostname: "one",
    version: "1",
    runner: "simulated",
    status: "online",
    config: {},
    metadata: {},
    ...fields,
  });
}

/** A job of a Core. */
export function job(fields: Partial<JobRecord> = {}): JobRecord {
  return JobRecord.parse({
    id: "j1",
    revision: 1,
    ...times,
    type: "deploy",
    status: "completed",
    nodeId: "n1",
    appId: "a1",
    payload: { version: 1 },
    logs: [],
    ...fields,
  });
}

/** A route of a Core. */
export function route(fields: Partial<RouteRecord> = {}): RouteRecord {
  return RouteRecord.parse({
    id: "r1",
    revision: 1,
    ...times,
    hostname: "web.example.com",
    path: "/",
    target: "web:80",
    appId: "a1",
    tls: true,
    middleware: {},
    metadata: {},
    ...fields,
  });
}

/** What a look found. */
export function news(found: Partial<{ [K in keyof CoreRecords]: CoreRecords[K][] }>, full = true): CoreEventHandler {
  return {
    full,
    found: { app: [], route: [], backupPolicy: [], node: [], job: [], secret: [], signInProvider: [], ...found },
    deleted: [],
  };
}

/** A Core that holds this. */
export function stateOf(found: Parameters<typeof news>[0]): CoreState {
  const state = new CoreState();
  state.take(news(found), new Set());
  return state;
}

/** A document for a Core. */
export function document(kind: CoreObjectKind, name: string, spec: Record<string, unknown>): Document {
  const apiVersion = `${CORE_OBJECT_GROUP}/${CORE_OBJECT_VERSION}`;
  const object = { apiVersion, kind, metadata: { name }, spec };
  return toDocument({ object, origin: { file: "x.yaml", line: 1 }, bodyHash: hashBody(object), dropped: [] }, "");
}
