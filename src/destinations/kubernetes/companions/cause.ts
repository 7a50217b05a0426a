import { isDocumentRefusal, KubeStatusError } from "../../../kube/errors.js";
import { KIND_NOT_SERVED, Refusal } from "../refusals/refusal.js";

/**
 * Causes of a refusal that another write of the same Change could resolve. All others are faults of the document, or states that
 * no document changes. Determined by tests on a real API server: see docs/adr/0017-apply-order-and-deferral.md.
 */
export type RefusalCause =
  /** The namespace does not exist. */
  | { readonly type: "Namespace"; readonly name: string }
  /** The kind is not served. */
  | { readonly type: "Kind" }
  /** The document does not fit the schema of its kind. */
  | { readonly type: "Schema" }
  /** RBAC: the writer lacks a permission for this resource. */
  | { readonly type: "Access"; readonly group: string; readonly resource: string }
  /** RBAC: the writer would grant permissions that it does not hold, or refers to a role that does not exist. */
  | { readonly type: "Escalation" }
  /** An admission policy (CEL). */
  | { readonly type: "Policy"; readonly mutating: boolean; readonly policy: string; readonly binding: string }
  /** An admission webhook denied the request. */
  | { readonly type: "Webhook"; readonly name: string }
  /** An admission or conversion webhook could not be called. `service`: undefined if the webhook is configured by URL. */
  | {
      readonly type: "Unreachable";
      readonly webhook: string | undefined;
      readonly service: { readonly namespace: string } | undefined;
    }
  /** An admission plugin of the API server: ServiceAccount, Priority, RuntimeClass, quotas, PodSecurity and others. */
  | { readonly type: "Plugin" }
  /** Another Service uses the port or address, or no range contains it. */
  | { readonly type: "Allocation" };

/** Messages of field validation and typed conversion for a document that does not fit its schema (500 and 400). */
const SCHEMA = /failed to create typed patch object|field not declared in schema|error decoding|unknown field/;
const ALLOCATION = /already allocated|not in the valid range/;
const UNREACHABLE = /failed calling webhook "([^"]*)"|conversion webhook for .* failed/;

/** Returns the cause of a refusal, if another document could resolve it. */
export function causeOf(error: unknown): RefusalCause | undefined {
  if (error instanceof Refusal) return error.code === KIND_NOT_SERVED ? { type: "Kind" } : undefined;
  if (!(error instanceof KubeStatusError)) return undefined;
  const { status, statusCode, message } = error;
  const unreachable = UNREACHABLE.exec(message);
  if (unreachable) return { type: "Unreachable", webhook: unreachable[1], service: serviceIn(message) };
  const policy = /([Mm]utating|[Vv]alidating)?(?:AdmissionP|p)olicy '([^']+)' with binding '([^']+)'/.exec(message);
  if (policy?.[2] !== undefined && policy[3] !== undefined)
    return {
      type: "Policy",
      mutating: policy[1]?.toLowerCase() !== "validating",
      policy: policy[2],
      binding: policy[3],
    };
  const webhook = /admission webhook "([^"]*)" denied the request/.exec(message)?.[1];
  if (webhook !== undefined) return { type: "Webhook", name: webhook };
  if (statusCode === 404 && status.details?.kind === "namespaces")
    return { type: "Namespace", name: status.details.name ?? "" };
  // The API server names the binding, not the missing role.
  if (statusCode === 404 && /rolebindings$/.test(status.details?.kind ?? "")) return { type: "Escalation" };
  if (statusCode === 403) return forbidden(error);
  if (statusCode === 422) {
    const causes = status.details?.causes ?? [];
    if (causes.length > 0 && causes.every((cause) => ALLOCATION.test(cause.message ?? "")))
      return { type: "Allocation" };
    return { type: "Schema" };
  }
  return isDocumentRefusal(error) && SCHEMA.test(message) ? { type: "Schema" } : undefined;
}

function forbidden({ status, message }: KubeStatusError): RefusalCause | undefined {
  if (status.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating")) return undefined;
  if (message.includes("is attempting to grant RBAC permissions not currently held")) return { type: "Escalation" };
  if (/ cannot [a-z]+ resource "/.test(message))
    return { type: "Access", group: status.details?.group ?? "", resource: status.details?.kind ?? "" };
  return { type: "Plugin" };
}

/** Returns the namespace of the Service in `https://hook.shop.svc:443/…`. */
function serviceIn(message: string): { namespace: string } | undefined {
  const namespace = /"https:\/\/[a-z0-9-]+\.([a-z0-9-]+)\.svc[:/."]/.exec(message)?.[1];
  return namespace === undefined ? undefined : { namespace };
}
