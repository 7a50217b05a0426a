import { GROUP } from "../api/group.js";

const ADMISSION_GROUP = "admissionregistration.k8s.io";
const RBAC_GROUP = "rbac.authorization.k8s.io";
/** Verbs of our kinds by which users decide about Changes. */
const DECIDING_VERBS: ReadonlySet<string> = new Set([
  ...["approve", "break-glass", "sync", "rollback", "promote", "release", "freeze", "*"],
]);
/** Names with which the chart ends those of its ClusterRoles, whatever the name of the release is. */
const ROLE_NAME = /(^cluster-admin|-(approve|break-glass|sync|environments))$/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns in which way a document gives users or programs a say in who may change what; undefined if it does not: Environments, roles with the
 * verbs of decisions and their bindings, and admission policies and webhooks for our kinds.
 */
export function powerOf(group: string, kind: string, object: unknown): string | undefined {
  const fields = recordOf(object);
  if (group === GROUP) return kind === "Environment" ? "says who may change what" : undefined;
  if (group === RBAC_GROUP) return rbacPower(kind, fields);
  return group === ADMISSION_GROUP && admitsOurKinds(kind, fields) ? "admits or changes decisions" : undefined;
}

/** Reports whether a policy or webhook concerns objects of our kinds. Bindings and validating webhooks do not by themselves. */
export function admitsOurKinds(kind: string, fields: Fields): boolean {
  if (kind === "MutatingWebhookConfiguration")
    return listOf(fields.webhooks).some((one) => concernsUs(one.rules, true));
  const spec = recordOf(fields.spec);
  const rules = recordOf(spec.matchConstraints).resourceRules;
  if (kind === "MutatingAdmissionPolicy") return concernsUs(rules, true);
  return kind === "ValidatingAdmissionPolicy" && concernsUs(rules, false);
}

/** A policy that only denies what it matches by a wildcard is not one of ours; one that changes it changes decisions, too. */
function concernsUs(rules: unknown, withWildcard: boolean): boolean {
  return listOf(rules).some(({ apiGroups }) => {
    const groups = textsOf(apiGroups);
    return groups.includes(GROUP) || (withWildcard && groups.includes("*"));
  });
}

function rbacPower(kind: string, fields: Fields): string | undefined {
  if (kind === "Role" || kind === "ClusterRole") {
    const found = listOf(fields.rules).flatMap(({ apiGroups, verbs }) => {
      const isOurs = textsOf(apiGroups).some((group) => group === GROUP || group === "*");
      return isOurs ? textsOf(verbs).filter((verb) => DECIDING_VERBS.has(verb)) : [];
    });
    return found.length === 0 ? undefined : `grants ${[...new Set(found)].join(", ")} of ${GROUP}`;
  }
  if (kind !== "RoleBinding" && kind !== "ClusterRoleBinding") return undefined;
  const name = String(recordOf(fields.roleRef).name ?? "");
  return ROLE_NAME.test(name) ? `grants ${name}` : undefined;
}

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
