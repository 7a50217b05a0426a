import { ANNOTATION_NOTIFY_TEST } from "../api/group.js";
import type { NotificationChannel } from "../api/notification-channel.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { Notifier } from "../controllers/notification-channel/notifier.js";
import { ChannelReconciler } from "../controllers/notification-channel/reconciler.js";
import { ResourceCache } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import { secretNameOf } from "../notify/deliver.js";
import { HttpSender } from "../notify/http-sender.js";
import { Reach } from "../notify/reach.js";
import { StatusWriter } from "../reconcile/status-writer.js";
import { PRIORITY } from "../reconcile/work-queue.js";
import { reflectorObserver } from "../telemetry/observers.js";
import { targetUrl } from "./commit-statuses.js";
import { type Controller, controller } from "./controller-of.js";
import type { SharedParts } from "./controllers.js";
import { isWork } from "./events/is-work.js";

/** Maximum number of channels that are sent to at the same time. */
const WORKERS = 4;

/** Sends messages about apps to NotificationChannels: the cache of channels, their Secrets and their controller. */
export class Notifications {
  readonly controller: Controller;
  readonly #channels: ResourceCache<NotificationChannel>;
  readonly #secrets: SecretCache;
  #isStopped = false;

  constructor(shared: SharedParts) {
    const { cluster, clock, logger, config, metrics, resources, events, sources } = shared;
    const { client } = cluster;
    const resource = cluster.resources.channels;
    this.#channels = new ResourceCache<NotificationChannel>({
      ...{ client, clock, logger, resource, namespaces: config.watchNamespaces },
      except: config.exceptNamespaces,
      observer: reflectorObserver(metrics, `${resource.group}/${resource.kind}`),
      onChange: (key, current, previous) => {
        if (isWork(current, previous) || testOf(current) !== testOf(previous)) enqueue(key);
      },
    });
    this.#secrets = new SecretCache({ client, clock, logger, onChange: (...name) => this.#retry(notifier, ...name) });
    const enqueue = (key: string): void => this.controller.queue.add(key, PRIORITY.background);
    const trustedNamespaces = new Set(config.trustedNamespaces);
    const environmentsOf = (namespace: string): string[] =>
      resources.environmentsOf(namespace).map(({ metadata }) => metadata.name);
    const { apps, changes } = resources.caches;
    const channels = this.#channels;
    const notifier = new Notifier({
      ...{ clock, channels, apps, changes, environmentsOf, trustedNamespaces, enqueue },
    });
    const reach = new Reach(config.notificationHosts);
    const reconciler = new ChannelReconciler({
      ...{ clock, channels, events, notifier, trustedNamespaces },
      secrets: this.#secrets,
      status: new StatusWriter(client),
      senders: { reach, http: new HttpSender({ reach, proxies: config.proxies }) },
      lookup: {
        app: (key) => apps.get(key),
        environmentOf: (key) => environmentsOf(key.split("/")[0] ?? "")[0],
        urlOf: (app: OverseerApp) => targetUrl(config.commitStatusUrl, app),
      },
      observe: (provider, result) => metrics.notifications.total.of({ provider, result }).inc(),
    });
    this.controller = controller(shared, "notificationchannel", WORKERS, (...call) => reconciler.reconcile(...call));
    sources.apps.subscribe(({ key }) => notifier.noteApp(key));
    sources.changes.subscribe(({ current }) => {
      if (current?.status?.phase === "Succeeded") notifier.noteChange(current);
    });
    metrics.onScrape(() => {
      let pending = 0;
      for (const memory of notifier.memories.values()) pending += memory.pending.size;
      metrics.notifications.pending.set(pending);
    });
  }

  /** Lists the channels, and begins to send. Call it when apps and Changes are known. */
  async start(): Promise<void> {
    await this.#channels.start();
    if (!this.#isStopped) this.controller.start();
  }

  /** Stops after messages that are being sent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.controller.stop();
    await Promise.all([this.#channels.stop(), this.#secrets.stop()]);
  }

  #retry(notifier: Notifier, namespace: string, name: string): void {
    for (const { metadata, spec } of this.#channels.values()) {
      if (metadata.namespace !== namespace || secretNameOf(spec) !== name) continue;
      const key = `${metadata.namespace}/${metadata.name}`;
      const memory = notifier.memories.get(key);
      if (memory !== undefined) memory.tries = undefined;
      this.controller.queue.add(key, PRIORITY.background);
    }
  }
}

function testOf(channel: NotificationChannel | undefined): string | undefined {
  return channel?.metadata.annotations?.[ANNOTATION_NOTIFY_TEST];
}
