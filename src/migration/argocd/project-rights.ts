import { GROUP } from "../../api/group.js";
import type { ProjectManifest } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { appName, slug } from "../names.js";
import { defined } from "../new-app.js";

const RBAC = "rbac.authorization.k8s.io";

/** A rule of a Role. */
type Rule = Readonly<Record<string, readonly string[]>>;

/** Verbs of our kinds for an action of Argo CD on Applications. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  get: ["get", "list", "watch"],
  create: ["create"],
  update: ["update", "patch"],
  delete: ["delete"],
  sync: ["sync", "rollback"],
  "*": ["get", "list", "watch", "create", "update", "patch", "delete", "sync", "rollback"],
};

/** Writes a ServiceAccount for the apps of each namespace, with a Role for the kinds that the project permits. */
export function accountsOf(
  project: string,
  spec: Fields,
  namespaces: readonly string[],
  account: string | undefined,
  findings: Findings,
): readonly ProjectManifest[] {
  const rules = permittedKinds(spec, findings);
  if (account === undefined || rules === undefined) return [];
  return namespaces.flatMap((namespace) => [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } },
    // A Role of the name of the ServiceAccount may exist already.
    ...boundRole(`${account}-of-${slug(project)}`, namespace, rules, [
      { kind: "ServiceAccount", name: account, namespace },
    ]),
  ]);
}

/** Rules for the ServiceAccount of the apps; undefined if they have no form in RBAC. */
function permittedKinds(spec: Fields, findings: Findings): readonly Rule[] | undefined {
  const kinds = spec.objects("namespaceResourceWhitelist").map((one) => ({
    group: one.anyText("group") ?? "",
    kind: one.text("kind") ?? "*",
    field: one.path,
  }));
  if (spec.has("namespaceResourceBlacklist")) {
    spec.reportIfSet(
      "namespaceResourceBlacklist",
      "manual",
      "RBAC has no deny rules, so that no Role is written: write one for the ServiceAccount of the apps, with the kinds that remain permitted",
    );
    if (isSet(spec.value("namespaceResourceBlacklist"))) return undefined;
  }
  const verbs = ["get", "create", "patch", "delete"];
  if (kinds.length === 0 && Array.isArray(spec.value("namespaceResourceWhitelist"))) {
    findings.add(
      "manual",
      "spec.namespaceResourceWhitelist",
      "is empty, so that the project permits no kinds of a namespace, and no Role is written: write one with the kinds that the apps need",
    );
    return undefined;
  }
  if (kinds.length === 0) {
    findings.add(
      "difference",
      "spec.namespaceResourceWhitelist",
      "is not set: the Role of the ServiceAccount permits all kinds of the namespace, as the project does. List the kinds that the apps need",
    );
    return [{ apiGroups: ["*"], resources: ["*"], verbs }];
  }
  const groups = new Map<string, string[]>();
  for (const { group, kind, field } of kinds) {
    if (/[*?[{]/.test(kind.replace(/^[*]$/, "")) || /[*?[{]/.test(group.replace(/^[*]$/, "")))
      findings.add("manual", field, "is a pattern, which has no form in RBAC: list its kinds in the Role");
    else groups.set(group, [...(groups.get(group) ?? []), kind === "*" ? "*" : resourceOf(kind)]);
  }
  findings.add(
    "manual",
    "spec.namespaceResourceWhitelist",
    "names kinds, and a Role names resources: compare those of custom resources with kubectl api-resources",
  );
  return [...groups].map(([group, resources]) => ({ apiGroups: [group], resources: [...new Set(resources)], verbs }));
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** The resource of a kind by the convention of Kubernetes: `Ingress` → `ingresses`, `NetworkPolicy` → `networkpolicies`. */
function resourceOf(kind: string): string {
  const name = kind.toLowerCase();
  if (name === "endpoints") return name;
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

/** Converts a role of a project to a Role and a RoleBinding for its groups in each namespace. */
export function roleOf(
  role: Fields,
  project: string,
  namespaces: readonly string[],
  findings: Findings,
): readonly ProjectManifest[] {
  const name = role.text("name") ?? "";
  role.ignore("description");
  role.reportIfSet("jwtTokens", "manual", `role ${name}: use tokens of ServiceAccounts instead`);
  const groups = role.texts("groups") ?? [];
  const policies = role.texts("policies") ?? [];
  const field = role.pathOf("policies");
  const parsed = policies.map((policy) => policy.split(",").map((part) => part.trim()));
  if (parsed.some((parts) => parts[5] !== "allow")) {
    findings.add("manual", field, `role ${name}: RBAC has no deny rules: write a Role with what remains permitted`);
    return [];
  }
  const rules = parsed.flatMap((parts, index) => {
    const rule = ruleOf(parts, project);
    if (typeof rule !== "string") return rule;
    findings.add("manual", `${field}[${index}]`, `role ${name}: ${rule}`);
    return [];
  });
  if (rules.length === 0) return [];
  if (groups.length === 0) {
    findings.add("manual", role.pathOf("groups"), `role ${name} has no groups: bind its Role to those who need it`);
  } else
    findings.add(
      "difference",
      role.pathOf("groups"),
      `role ${name}: groups are those that the API server and the REST API see; add the prefix that they give to groups`,
    );
  const subjects = groups.map((group) => ({ apiGroup: RBAC, kind: "Group", name: group }));
  return namespaces.flatMap((namespace) => boundRole(slug(`${project}-${name}`), namespace, rules, subjects));
}

/** Rules for a policy, or why it has none. */
function ruleOf([, , resource = "", action = "", object = ""]: readonly string[], project: string): Rule[] | string {
  if (resource === "logs") return "logs are those of the pods: the verb get for pods/log";
  if (resource !== "applications") return `${resource} have no counterpart in a Role of apps`;
  const verbs = VERBS[action];
  if (verbs === undefined)
    return `the action ${action} has no counterpart: what changes live objects goes by Git, or by rights for these objects`;
  const app = object.split("/").at(-1) ?? "";
  if (object !== "*" && !["*", project].includes(object.split("/")[0] ?? ""))
    return `${object} is in no app of this project`;
  if (app !== "*" && !/^[a-z0-9.-]+$/.test(app)) return `${object} is a pattern of names, which has no form in RBAC`;
  const rule = { apiGroups: [GROUP], resources: ["overseerapps"], verbs };
  const changes = ["get", "list", "watch", ...(verbs.includes("sync") ? ["create"] : [])];
  const isRead = verbs.includes("sync") || verbs.includes("get");
  return [
    app === "*" ? rule : { ...rule, resourceNames: [appName(app)] },
    ...(isRead ? [{ apiGroups: [GROUP], resources: ["changes"], verbs: changes }] : []),
  ];
}

function boundRole(
  name: string,
  namespace: string,
  rules: readonly Rule[],
  subjects: readonly object[],
): ProjectManifest[] {
  const metadata = { name, namespace };
  const role = { apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules };
  if (subjects.length === 0) return [role];
  const roleRef = { apiGroup: RBAC, kind: "Role", name };
  return [role, defined({ ...role, kind: "RoleBinding", rules: undefined, roleRef, subjects }) as ProjectManifest];
}
