import type { NotificationChannel, Topic } from "../../api/notification-channel.js";
import type { OverseerApp } from "../../api/overseer-app.js";

/** Where an app is, for the question whether a channel reports it. */
export interface AppPlace {
  readonly namespace: string;
  readonly name: string;
  /** Names of the Environments that it belongs to. */
  readonly environments: readonly string[];
}

/** Returns the topics that a channel reports about an app: the app may choose in its own namespace, and only omit some elsewhere. */
export function topicsFor({ metadata, spec }: NotificationChannel, app: OverseerApp | undefined): readonly Topic[] {
  const { channels, topics } = app?.spec.notify ?? {};
  if (channels !== undefined && !channels.includes(metadata.name)) return [];
  if (topics === undefined) return spec.topics;
  return app?.metadata.namespace === metadata.namespace
    ? topics
    : spec.topics.filter((topic) => topics.includes(topic));
}

/** Reports whether a channel names only namespaces that it may report. */
export function mayReport({ metadata, spec }: NotificationChannel, trusted: ReadonlySet<string>): boolean {
  const others = spec.namespaces?.some((name) => name !== metadata.namespace) ?? false;
  return !others || trusted.has(metadata.namespace);
}

/** Reports whether a channel reports an app. */
export function selects(channel: NotificationChannel, app: AppPlace, trusted: ReadonlySet<string>): boolean {
  const { metadata, spec } = channel;
  if (spec.suspend || metadata.deletionTimestamp !== undefined || !mayReport(channel, trusted)) return false;
  const namespaces = spec.namespaces ?? [metadata.namespace];
  if (!namespaces.includes("*") && !namespaces.includes(app.namespace)) return false;
  if (spec.apps !== undefined && !spec.apps.includes(app.name)) return false;
  return spec.environments?.some((name) => app.environments.includes(name)) ?? true;
}
