import type { AppRestrictions } from "../../../api/core/app-restrictions.js";
import type { Mapping } from "../../operations/compose.js";
import { isMapping } from "../../operations/compose.js";
import type { HostPermission, HostPolicy } from "./host-policy.js";

/** A key of a Compose document that the node does not allow. */
export interface Finding {
  /** Path of the key: `services.web.privileged`. */
  readonly key: string;
  /** Why it is refused, and what to set. */
  readonly message: string;
}

/** What the judges of parts of a document share. */
export interface JudgeContext {
  readonly app: string;
  /** Name of the Compose project. Volumes and networks of the app start with it. */
  readonly project: string;
  readonly policy: HostPolicy;
  /** What Policies deny the app although the node allows it. */
  readonly denied: AppRestrictions;
  readonly found: Finding[];
}

/** Adds a finding unless the app has the permission. */
export function need(context: JudgeContext, key: string, permission: HostPermission, value?: string): void {
  const { app, policy, found } = context;
  if (policy.allows(app, permission, value)) return;
  const set = value === undefined ? permission : `${permission}=${value}`;
  found.push({ key, message: `not allowed on this node; to allow it, start the agent with --allow ${set}` });
}

/** Adds a finding unless the app has a permission for data that is not its own, and its Policies leave it to the app. */
export function needVolume(context: JudgeContext, key: string, permission: HostPermission): void {
  const { hostAccess } = context.denied;
  if (hostAccess === undefined || hostAccess.externalVolumes === true) {
    need(context, key, permission);
    return;
  }
  refuse(
    context,
    key,
    "the Policy of the app has no hostAccess.externalVolumes: set it to true, or use a local volume of the app",
  );
}

/** Adds a finding that no flag allows. */
export function refuse({ found }: JudgeContext, key: string, message: string): void {
  found.push({ key, message });
}

/** Reports whether a value is set: not null, false, empty or an empty collection. */
export function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return !isMapping(value) || Object.keys(value).length > 0;
}

/** Returns the entries of a mapping; none for anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isMapping(value) ? Object.entries(value) : [];
}

/** Returns the items of a list; none for anything else. */
export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns a mapping; an empty one for anything else. */
export function mappingOf(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

/** Labels by which Compose finds what belongs to a project. */
const COMPOSE_LABELS = "com.docker.compose.";

/** Refuses labels that would make Compose take a container, volume or network for one of another project. */
export function judgeLabels(context: JudgeContext, key: string, labels: unknown): void {
  const names = Array.isArray(labels) ? labels.map((label) => String(label)) : Object.keys(mappingOf(labels));
  for (const name of names.filter((one) => one.startsWith(COMPOSE_LABELS))) {
    refuse(context, `${key}.${name}`, "labels of Docker Compose cannot be set: remove it");
  }
}
