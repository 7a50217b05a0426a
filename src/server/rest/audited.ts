import type { AuditSink } from "../../audit/audit-trail.js";
import type { AuditEntry, AuditOutcome } from "../../audit/record.js";
import { ProblemError } from "../../http/problem.js";
import type { AnyReply, RequestOrigin } from "../../http/route.js";
import type { RestRoute } from "./route.js";

/** Kinds by the collections of the API. */
const KINDS: Readonly<Record<string, string>> = {
  apps: "OverseerApp",
  changes: "Change",
  approvals: "Change",
  repositories: "GitRepository",
  environments: "Environment",
  secrets: "Secret",
  channels: "NotificationChannel",
};
const VERBS: Readonly<Record<string, string>> = { POST: "create", PATCH: "update", PUT: "update", DELETE: "delete" };
/** Actor of requests without a valid credential. */
const UNKNOWN = "unauthenticated";
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** A request, as far as its record is about it. Nothing of it is validated. */
export interface AuditedRequest extends RequestOrigin {
  /** Undefined if the request has no valid credential. */
  readonly actor: string | undefined;
  readonly params: object;
  readonly body: unknown;
}

/** Reports whether requests to a route are recorded: everything that users may write. */
export function isAudited({ method, access }: Pick<RestRoute, "method" | "access">): boolean {
  return method !== "GET" && access === "user";
}

/**
 * Runs a write of a user, with a record before it and one of its result. Throws NOT_READY, and does nothing, if the first one cannot be
 * stored.
 */
export async function audited(
  audit: AuditSink,
  route: RestRoute,
  request: AuditedRequest,
  work: () => AnyReply | Promise<AnyReply>,
): Promise<AnyReply> {
  try {
    await audit.record(entryOf(route, request, "Started"));
  } catch {
    throw new ProblemError("NOT_READY", "the request was not carried out: it cannot be recorded in the audit trail", {
      retryAfter: 30,
    });
  }
  try {
    const reply = await work();
    await note(audit, entryOf(route, request, "Succeeded", { status: reply.status }));
    return reply;
  } catch (error) {
    await note(audit, refusalOf(route, request, error));
    throw error;
  }
}

/** Reports whether a write that was refused before it was read is recorded: those beyond the rate limits cost nothing but a response. */
export function isRecorded(error: unknown): boolean {
  return error instanceof ProblemError && error.code !== "RATE_LIMITED";
}

/** Records a write that was refused before it was read, and how many before it were not recorded. */
export async function recordRefused(
  audit: AuditSink,
  route: RestRoute,
  request: Omit<AuditedRequest, "actor" | "body">,
  { error, suppressed }: { readonly error: unknown; readonly suppressed: number },
): Promise<void> {
  const entry = refusalOf(route, { ...request, actor: undefined, body: undefined }, error);
  const details = suppressed === 0 ? entry.details : { ...entry.details, suppressed };
  await note(audit, { ...entry, ...(details === undefined ? {} : { details }) });
}

function refusalOf(route: RestRoute, request: AuditedRequest, error: unknown): AuditEntry {
  if (!(error instanceof ProblemError)) return entryOf(route, request, "Failed", { status: 500 });
  const outcome = error.status >= 500 ? "Failed" : "Refused";
  return entryOf(route, request, outcome, { status: error.status, reason: error.code });
}

function entryOf(
  { path }: Pick<RestRoute, "path">,
  { actor = UNKNOWN, address, method, params, body }: AuditedRequest,
  outcome: AuditOutcome,
  result: { readonly status?: number; readonly reason?: string } = {},
): AuditEntry {
  const [collection = "", ...rest] = path.replace("/api/gitops/", "").split("/");
  const last = rest.at(-1);
  const named = { ...fieldsOf(body), ...fieldsOf(params) };
  const decided = collection === "approvals" ? named.decision?.toLowerCase() : undefined;
  const verb = decided ?? (last === undefined || last.startsWith(":") ? (VERBS[method] ?? method) : last);
  const namespace = nameOf(named.namespace);
  const planHash = /^[0-9a-f]{16,64}$/.exec(named.planHash ?? "")?.[0];
  return {
    ...{ actor, verb, outcome },
    object: {
      kind: KINDS[collection] ?? "API",
      ...(namespace === undefined ? {} : { namespace }),
      name: nameOf(named.name ?? named.change) ?? "",
    },
    details: { ...{ via: "rest", from: address, planHash }, ...result },
  };
}

/** Returns the fields with text of an object. */
function fieldsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Returns a name if it is one: a record must not hold what a user has put in its place. */
function nameOf(text: string | undefined): string | undefined {
  return text !== undefined && NAME.test(text) ? text : undefined;
}

function note(audit: AuditSink, entry: AuditEntry): Promise<void> {
  // What cannot be stored is logged and counted by the sink.
  return audit.record(entry).catch(() => {});
}
