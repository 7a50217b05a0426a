/** A Role or ClusterRole. */
export interface Role {
  readonly metadata: { readonly name: string };
  readonly rules?:
    | readonly {
        readonly apiGroups?: readonly string[];
        readonly resources?: readonly string[];
        readonly resourceNames?: readonly string[];
        readonly verbs: readonly string[];
      }[]
    | null;
}

/** A RoleBinding or ClusterRoleBinding. */
export interface Binding {
  readonly metadata: { readonly name: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** A user, group or ServiceAccount with a permission. */
export interface Subject {
  readonly kind: string;
  /** `namespace:name` of a ServiceAccount. */
  readonly name: string;
  /** Binding and role that grant it. */
  readonly by: string;
}

/** What is asked for. Without a name: for all objects. */
export interface Access {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly name?: string | undefined;
}

/** Returns the subjects that RBAC permits something, each once for every binding. */
export function subjectsWith(
  access: Access,
  rbac: {
    readonly clusterRoles: readonly Role[];
    readonly roles: readonly Role[];
    readonly clusterBindings: readonly Binding[];
    readonly bindings: readonly Binding[];
  },
): readonly Subject[] {
  const granting = (roles: readonly Role[]): ReadonlySet<string> =>
    new Set(
      roles.filter(({ rules }) => rules?.some((rule) => permits(rule, access))).map(({ metadata }) => metadata.name),
    );
  const [clusterRoles, roles] = [granting(rbac.clusterRoles), granting(rbac.roles)];
  const grants = ({ roleRef }: Binding): boolean =>
    (roleRef.kind === "ClusterRole" ? clusterRoles : roles).has(roleRef.name);
  const subjects = (kind: string, list: readonly Binding[]): Subject[] =>
    list.filter(grants).flatMap(({ metadata, roleRef, subjects: bound = [] }) =>
      bound.map((subject) => ({
        kind: subject.kind,
        name: subject.namespace === undefined ? subject.name : `${subject.namespace}:${subject.name}`,
        by: `${kind} ${metadata.name} (${roleRef.kind} ${roleRef.name})`,
      })),
    );
  const all = [...subjects("ClusterRoleBinding", rbac.clusterBindings), ...subjects("RoleBinding", rbac.bindings)];
  return all.sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
}

/** Returns the subjects that RBAC permits all of several things, with what grants the first. */
export function subjectsWithAll(
  [first, ...others]: readonly Access[],
  rbac: Parameters<typeof subjectsWith>[1],
): readonly Subject[] {
  if (first === undefined) return [];
  const keyOf = ({ kind, name }: Subject): string => `${kind}/${name}`;
  const sets = others.map((access) => new Set(subjectsWith(access, rbac).map(keyOf)));
  return subjectsWith(first, rbac).filter((subject) => sets.every((set) => set.has(keyOf(subject))));
}

function permits(rule: NonNullable<Role["rules"]>[number], { group, resource, verb, name }: Access): boolean {
  const has = (list: readonly string[] | undefined, value: string): boolean =>
    list?.some((one) => one === "*" || one === value) ?? false;
  const { resourceNames = [] } = rule;
  return (
    has(rule.apiGroups, group) &&
    has(rule.resources, resource) &&
    has(rule.verbs, verb) &&
    (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name)))
  );
}
