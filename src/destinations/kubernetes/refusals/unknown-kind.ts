import { editDistance } from "../../../base/edit-distance.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import { apiVersionOf, type GroupVersionKind } from "../../../manifest/object-id.js";
import { recognizeKind } from "../../../manifest/recognize.js";
import { closest } from "../../../render/closest.js";
import { REMOVED_KINDS } from "./removed-kinds.js";

/** Limit of listed kinds. */
const MAX_LISTED = 8;

/**
 * Explains why a cluster does not know the kind of a document, and what to write instead: it may serve the kind at another
 * version, in another group or with another spelling, or Kubernetes may have removed it. Suggests to install a
 * CustomResourceDefinition only for unknown kinds.
 */
export function describeUnknownKind(wanted: GroupVersionKind, served: readonly GroupVersionKind[]): string {
  const { group, kind } = wanted;
  const apiVersion = apiVersionOf(wanted);
  const problem = `the cluster has no kind ${kind} in ${apiVersion}`;
  const removed = removedKind(wanted, served);
  if (removed !== undefined) return removed;
  const sameGroup = served.filter((one) => one.group === group);
  const here = sameGroup.filter((one) => one.kind === kind);
  const tool = here.length > 0 ? undefined : recognizeKind(wanted);
  if (tool !== undefined) return `${problem}: ${tool}`;
  if (here.length > 0) return `${apiVersion} is not served: ${kind} is in ${versions(here)}; change the apiVersion`;
  const spelled = caseless(kind, sameGroup);
  if (spelled !== undefined)
    return `${problem}; did you mean ${spelled.kind}${spelled.version === wanted.version ? "" : ` in ${apiVersionOf(spelled)}`}?`;
  const isKnown = isBuiltinGroup(group) || sameGroup.length > 0;
  const elsewhere = served.filter((one) => one.kind === kind && (isKnown || editDistance(one.group, group) <= 2));
  if (elsewhere.length > 0) return `${problem}: ${kind} is in ${versions(elsewhere)}; change the apiVersion`;
  if (!isKnown) return `${problem}: install its CustomResourceDefinition, or correct the apiVersion`;
  const like = alike(kind, sameGroup) ?? caseless(kind, served) ?? alike(kind, served);
  if (like !== undefined)
    return `${problem}; did you mean ${like.kind}${like.group === group ? "" : ` in ${apiVersionOf(like)}`}?`;
  if (sameGroup.length > 0) return `${problem}; ${group === "" ? "the core group" : group} has ${kinds(sameGroup)}`;
  return `${problem}, nor any other kind of ${group}: correct the apiVersion, or enable that group on the API server`;
}

/** Explains that a kind cannot be used because the server behind an APIService does not respond. */
export function describeUnavailable(wanted: GroupVersionKind, service: string): string {
  return `${wanted.kind} in ${apiVersionOf(wanted)} is not available: the server of APIService ${service} does not respond; repair it, or delete the APIService if the API is no longer needed`;
}

function removedKind(wanted: GroupVersionKind, served: readonly GroupVersionKind[]): string | undefined {
  const { kind } = wanted;
  const apiVersion = apiVersionOf(wanted);
  const row = REMOVED_KINDS.find(({ from, kinds: names }) => from.includes(apiVersion) && names.includes(kind));
  if (row === undefined) return undefined;
  const gone = `${apiVersion} is no longer served for ${kind} (since Kubernetes ${row.since})`;
  if (row.to === undefined)
    return `${kind} is no longer served (since Kubernetes ${row.since}): use ${row.instead ?? "something else"}`;
  if (!served.some((one) => one.kind === kind && apiVersionOf(one) === row.to)) return undefined;
  return `${gone}; ${kind} is in ${row.to}${row.changed ? " (its fields have changed)" : ""}: change the apiVersion${row.changed ? " and the fields" : ""}`;
}

function caseless(kind: string, among: readonly GroupVersionKind[]): GroupVersionKind | undefined {
  const forms = [kind.toLowerCase(), `${kind.toLowerCase()}s`];
  return preferred(
    among.filter((one) => forms.includes(one.kind.toLowerCase()) || `${one.kind.toLowerCase()}s` === forms[0]),
  );
}

/** Finds a kind that differs by a few letters. `closest` alone would accept half of them, which is another word. */
function alike(kind: string, among: readonly GroupVersionKind[]): GroupVersionKind | undefined {
  const name = closest(kind, [...new Set(among.map((one) => one.kind))]);
  if (name === undefined || Math.abs(name.length - kind.length) > 3) return undefined;
  if (name[0]?.toLowerCase() !== kind[0]?.toLowerCase()) return undefined;
  return preferred(among.filter((one) => one.kind === name));
}

/** Prefers built-in kinds, then stable versions. */
function preferred(found: readonly GroupVersionKind[]): GroupVersionKind | undefined {
  return sorted(found)[0];
}

function sorted(found: readonly GroupVersionKind[]): readonly GroupVersionKind[] {
  const rank = (one: GroupVersionKind): string =>
    `${isBuiltinGroup(one.group) ? 0 : 1} ${/^v\d+$/.test(one.version) ? 0 : 1} ${apiVersionOf(one)}`;
  return [...found].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function versions(found: readonly GroupVersionKind[]): string {
  const names = [...new Set(sorted(found).map(apiVersionOf))];
  return names.slice(0, 3).join(" or ");
}

function kinds(found: readonly GroupVersionKind[]): string {
  const names = [...new Set(found.map((one) => one.kind))].sort();
  return names.length > MAX_LISTED ? `${names.slice(0, MAX_LISTED).join(", ")} and others` : names.join(", ");
}
