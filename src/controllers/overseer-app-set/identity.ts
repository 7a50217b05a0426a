import type { OverseerAppSet } from "../../api/app-set.js";
import { LABEL_APP_SET } from "../../api/group.js";
import type { ObjectMeta } from "../../api/meta.js";
import { AppSetError } from "./app-set-error.js";

/** Returns the set (`namespace/name`) that an app names in its label; undefined if it has none. */
export function appSetOf({ metadata }: { readonly metadata: ObjectMeta }): string | undefined {
  const name = metadata.labels?.[LABEL_APP_SET];
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}

/** Returns the field manager of a set. */
export function setManager(name: string): string {
  return `overseer-app-set:${name}`;
}

/**
 * Returns the user who writes the apps of a set: a set has no permissions of its own. Undefined for the operator itself, only in trusted
 * namespaces without a ServiceAccount for them.
 *
 * @throws AppSetError if the set has no identity.
 */
export function writerOf(
  { metadata: { namespace }, spec: { serviceAccountName } }: OverseerAppSet,
  trusted: { readonly trustedNamespaces: ReadonlySet<string>; readonly trustedUser: string | undefined },
): string | undefined {
  if (serviceAccountName !== undefined) return `system:serviceaccount:${namespace}:${serviceAccountName}`;
  if (trusted.trustedNamespaces.has(namespace)) return trusted.trustedUser;
  throw new AppSetError(
    "ServiceAccountRequired",
    `spec.serviceAccountName is not set: set it to a ServiceAccount in namespace ${namespace} that may write OverseerApps, or add the namespace to the operator's --trusted-namespaces`,
  );
}
