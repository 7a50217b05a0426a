import { z } from "zod";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { DesiredDocuments, ObjectComparison, ObjectQuery, ObservedObjects } from "../../api/rest/desired.js";
import type { AuditSearcher } from "../../audit/audit-query.js";
import type { Rendered } from "../../controllers/overseer-app/rendered.js";
import { targetOf } from "../../controllers/overseer-app/run.js";
import { parseKind } from "../../controllers/overseer-app/source/resource-kinds.js";
import type { KeptPlan } from "../../controllers/overseer-app/sync/whole-plans.js";
import type { Destination } from "../../destinations/destination.js";
import { maskConfidential } from "../../manifest/diff/confidential.js";
import { diffObjects } from "../../manifest/diff/diff.js";
import { maskSecrets } from "../../manifest/diff/mask.js";
import type { Document, KubeObject } from "../../manifest/document.js";
import { apiVersionOf, objectKey, parseApiVersion } from "../../manifest/object-id.js";
import type { KnownCore } from "./cores.js";

/** Differences of one object in a response. */
const MAX_DIFFERENCES = 1_000;
/** Objects of one app in a response. */
const MAX_OBJECTS = 5_000;

/** Which documents of an app are asked for. */
export type WantedInputs = "applied" | "newest";

/** What the leader knows. Apps are in its memory: no request is sent. */
export interface LeaderFacts {
  readonly app: (key: string) => OverseerApp | undefined;
  /** Returns the renders of an app, by input key. */
  readonly renders: (key: string) => ReadonlyMap<string, Rendered> | undefined;
  readonly destination: (key: string) => Destination | undefined;
  /** Returns the plan of a Change that its status cannot show completely, by the UID of the Change. */
  readonly wholePlan: (changeUid: string) => KeptPlan | undefined;
  /** Returns the hash by which a user approves a whole plan. */
  readonly wholePlanHash: (planHash: string, user: string) => string;
  /** Enqueues an app, whose Change is then judged again. */
  readonly judgeAgain: (app: string) => void;
  /** Connections to Cores. */
  readonly cores: () => Iterable<KnownCore>;
  /** The audit trail of the leader. */
  readonly trail: AuditSearcher;
}

/** Returns the render of the inputs that are asked for; undefined if it is not in memory. */
function renderOf(facts: LeaderFacts, key: string, wanted: WantedInputs): Rendered | undefined {
  const status = facts.app(key)?.status;
  const inputs = wanted === "newest" ? (status?.attempted ?? status?.applied) : status?.applied;
  return inputs && facts.renders(key)?.get(inputs.key);
}

/** Returns the documents of an app; undefined if they are not in memory. */
export function desiredDocuments(facts: LeaderFacts, key: string, wanted: WantedInputs): DesiredDocuments | undefined {
  const rendered = renderOf(facts, key, wanted);
  if (rendered === undefined) return undefined;
  const items = rendered.documents.slice(0, MAX_OBJECTS).map(({ id, origin }) => ({
    ...{ apiVersion: apiVersionOf(id), kind: id.kind, name: id.name, file: origin.file },
    ...(id.namespace ? { namespace: id.namespace } : {}),
    ...(origin.line === undefined ? {} : { line: origin.line }),
  }));
  return { revision: rendered.inputs.revision, items };
}

/** Compares a document with its live object; undefined if the document is not in memory. Secret values are compared, and not shown. */
export function compareObject(
  facts: LeaderFacts,
  key: string,
  { apiVersion, kind, namespace, name }: ObjectQuery,
  live: KubeObject | undefined,
  wanted: WantedInputs,
): ObjectComparison | undefined {
  const rendered = renderOf(facts, key, wanted);
  const wantedKey = objectKey({ ...parseApiVersion(apiVersion), kind, namespace: namespace ?? "", name });
  const document = rendered?.documents.find((one) => one.key === wantedKey);
  if (rendered === undefined || document === undefined) return undefined;
  const { entries, omitted } = diffObjects(live ?? bare(document), document.object, MAX_DIFFERENCES);
  const { file, line } = document.origin;
  return {
    ...{ revision: rendered.inputs.revision, file, ...(line === undefined ? {} : { line }) },
    desired: shown(document),
    exists: live !== undefined,
    // What only the live object has was set by others, or by default.
    differences: entries
      .filter(({ op }) => op !== "remove")
      .map(({ path, from, to }) =>
        document.confidential
          ? { path }
          : { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
      ),
    omitted,
  };
}

/** Returns a document without its secret values. If any field may hold one, only its identity is left. */
function shown(document: Document): Record<string, unknown> {
  if (document.confidential) return { ...bare(document) };
  // By way of JSON: masked values become text.
  return JSON.parse(JSON.stringify(maskConfidential(maskSecrets(document.object))));
}

/** Returns what identifies the object of a document. */
export function bare({ object: { apiVersion, kind, metadata } }: Document): KubeObject {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** Returns the live objects of an app, as they were last observed; undefined if the app is not known. */
export function observedObjects(facts: LeaderFacts, key: string): ObservedObjects | undefined {
  const app = facts.app(key);
  const destination = facts.destination(key);
  if (app === undefined || destination === undefined) return undefined;
  const unavailable = destination.unavailability();
  if (unavailable !== undefined) return { items: [], incomplete: unavailable.message };
  const kinds = (app.status?.kinds ?? []).flatMap((text) => parseKind(text) ?? []);
  const { objects, incomplete } = destination.observe(targetOf(app), kinds);
  const owned = [...objects.values()].filter(({ ownership }) => ownership !== "Foreign");
  const items = owned.slice(0, MAX_OBJECTS).map(({ id, uid, health }) => ({
    ...{ apiVersion: apiVersionOf(id), kind: id.kind, name: id.name, uid, health: health.status },
    ...(id.namespace ? { namespace: id.namespace } : {}),
    ...(health.message === undefined ? {} : { message: health.message }),
  }));
  return { items, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** What names a whole plan. */
export const WholePlanName = z.object({
  /** The hash by which the user approves it. */
  planHash: z.string(),
  /** Hash of its actions; undefined if they are too large to be kept. */
  digest: z.string().optional(),
});
export type WholePlanName = z.infer<typeof WholePlanName>;

/**
 * Returns what names the whole plan of a Change for a user. If it is not in memory, or the Change has another one by now, undefined: then
 * its app is judged again, which makes the plan.
 */
export function wholePlanName(
  facts: Pick<LeaderFacts, "wholePlan" | "wholePlanHash" | "judgeAgain">,
  changeUid: string,
  { planHash, user, app }: { readonly planHash: string; readonly user: string; readonly app: string },
): WholePlanName | undefined {
  const kept = facts.wholePlan(changeUid);
  if (kept === undefined || kept.planHash !== planHash) {
    facts.judgeAgain(app);
    return undefined;
  }
  if (kept.digest === undefined) return { planHash };
  return { planHash: facts.wholePlanHash(planHash, user), digest: kept.digest };
}

/** Returns the actions of a whole plan as JSON; undefined if it is not in memory, or others are. */
export function wholePlanActions(
  facts: Pick<LeaderFacts, "wholePlan">,
  changeUid: string,
  digest: string,
): Buffer | undefined {
  const kept = facts.wholePlan(changeUid);
  return kept?.digest === digest ? kept.json : undefined;
}
