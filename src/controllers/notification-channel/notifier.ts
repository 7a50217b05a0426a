import type { NotificationChannel } from "../../api/notification-channel.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { Clock } from "../../base/clock.js";
import { parseDuration } from "../../base/duration.js";
import { appOfChange, type KnownChange } from "../overseer-app/changes/known-change.js";
import type { ResourceCache } from "../resource-cache.js";
import type { ChannelMemory } from "./channel-memory.js";
import { problemsOf, successOf } from "./facts.js";
import { selects, topicsFor } from "./selection.js";

/** Services of the notifier. */
export interface NotifierServices {
  readonly clock: Clock;
  readonly channels: ResourceCache<NotificationChannel>;
  readonly apps: ResourceCache<OverseerApp>;
  readonly changes: ResourceCache<KnownChange>;
  /** Returns the names of the Environments of a namespace. */
  readonly environmentsOf: (namespace: string) => readonly string[];
  readonly trustedNamespaces: ReadonlySet<string>;
  /** Enqueues a channel that has something to send. */
  readonly enqueue: (channel: string) => void;
}

/** Turns events of apps and Changes into pending messages. It only looks at what is in memory, and does nothing without channels. */
export class Notifier {
  readonly memories = new Map<string, ChannelMemory>();
  readonly #services: NotifierServices;

  constructor(services: NotifierServices) {
    this.#services = services;
  }

  /** Notes what is to be said about an app (`namespace/name`) that may have changed. */
  noteApp(key: string): void {
    for (const channel of this.#services.channels.values()) {
      const memory = this.memories.get(keyOf(channel));
      if (memory?.scanned === channel.metadata.generation) this.#note(channel, memory, key);
    }
  }

  /** Notes a Change that has ended. */
  noteChange(change: KnownChange): void {
    for (const channel of this.#services.channels.values()) {
      const memory = this.memories.get(keyOf(channel));
      if (memory?.scanned === channel.metadata.generation) this.#noteChange(channel, memory, change);
    }
  }

  /** Looks through everything, once for each version of a channel's spec. */
  scan(channel: NotificationChannel, memory: ChannelMemory): void {
    const { apps, changes } = this.#services;
    if (memory.scanned === channel.metadata.generation) return;
    memory.scanned = channel.metadata.generation;
    const keys = new Set([...apps.values()].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    for (const { app } of channel.status?.open ?? []) keys.add(app);
    for (const key of keys) this.#note(channel, memory, key);
    for (const change of changes.values()) this.#noteChange(channel, memory, change);
  }

  /** Looks again at the apps of pending messages, so that only what still holds is sent. */
  refresh(channel: NotificationChannel, memory: ChannelMemory): void {
    const keys = [...memory.pending.values()].map((item) => (item.kind === "end" ? item.problem.app : item.fact.app));
    for (const key of new Set(keys)) this.#note(channel, memory, key);
  }

  #note(channel: NotificationChannel, memory: ChannelMemory, key: string): void {
    const { apps, changes, clock } = this.#services;
    const found = apps.get(key);
    const app = found && this.#selects(channel, key) ? found : undefined;
    const change = app?.status?.change && changes.get(`${app.metadata.namespace}/${app.status.change.name}`);
    const problems = app ? problemsOf(app, change) : [];
    const spec = { ...channel.spec, topics: [...topicsFor(channel, app)] };
    const facts = { spec, reported: channel.status ?? {}, now: clock.now() };
    if (memory.noteApp(key, app, problems, facts)) this.#schedule(channel, memory);
  }

  #noteChange(channel: NotificationChannel, memory: ChannelMemory, change: KnownChange): void {
    const fact = successOf(change);
    if (fact === undefined || !this.#selects(channel, appOfChange(change))) return;
    const spec = { ...channel.spec, topics: [...topicsFor(channel, this.#services.apps.get(appOfChange(change)))] };
    if (memory.noteEvent(fact, { spec, reported: channel.status ?? {} })) this.#schedule(channel, memory);
  }

  #selects(channel: NotificationChannel, key: string): boolean {
    const { environmentsOf, trustedNamespaces } = this.#services;
    const [namespace = "", name = ""] = key.split("/");
    return selects(channel, { namespace, name, environments: environmentsOf(namespace) }, trustedNamespaces);
  }

  #schedule(channel: NotificationChannel, memory: ChannelMemory): void {
    if (memory.dueAt !== undefined) return;
    const wait = parseDuration(channel.spec.groupWait) ?? 0;
    memory.dueAt = this.#services.clock.monotonic() + wait;
    this.#services.enqueue(keyOf(channel));
  }
}

function keyOf({ metadata }: NotificationChannel): string {
  return `${metadata.namespace}/${metadata.name}`;
}
