import { randomBytes } from "node:crypto";
import type { GitRepository } from "../api/git-repository.js";
import { ANNOTATION_RECONCILE_AT, OPERATOR_MANAGER } from "../api/group.js";
import { ResourceCache } from "../controllers/resource-cache.js";
import { SecretCache } from "../controllers/secret-cache.js";
import { HttpServer } from "../http/server.js";
import { loadClusterAccess } from "../kube/client/auth.js";
import { KubeClient } from "../kube/client/kube-client.js";
import { Discovery } from "../kube/discovery.js";
import { isStatus } from "../kube/errors.js";
import { objectPath, type ResourceInfo } from "../kube/resource.js";
import { PollRequests } from "../server/webhooks/poll-requests.js";
import { WebhookReceiver } from "../server/webhooks/receiver.js";
import { RefusalLog } from "../server/webhooks/refusal-log.js";
import { webhookRoute } from "../server/webhooks/route.js";
import { Slots } from "../server/webhooks/slots.js";
import { WebhookTokens } from "../server/webhooks/tokens.js";
import { httpObserver, reflectorObserver, requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { findOwnKind, onceReady } from "./cluster.js";
import type { Role, RoleParts } from "./role.js";

/** Maximum payload size of GitHub webhooks. */
const MAX_BODY_BYTES = 25 * 1024 * 1024;
/** Concurrent request bodies. Each costs a few kilobytes of memory and the time to hash it. */
const SLOTS = { total: 256, perRepository: 64 };

/** Receives webhooks. Replicas with this role are stateless and need no leader. */
export class ServerRole implements Role {
  readonly #parts: RoleParts;
  #missing: readonly string[] = ["connecting to the cluster"];

  constructor(parts: RoleParts) {
    this.#parts = parts;
  }

  notReady(): readonly string[] {
    return this.#missing;
  }

  standby(): undefined {
    return undefined;
  }

  async run(stopping: AbortSignal): Promise<void> {
    const { config, clock, logger, metrics } = this.#parts;
    const client = await this.#client();
    const resource = await this.#findRepositories(client, stopping);
    if (resource) {
      const { repositories, secrets, tokens } = this.#caches(client, resource);
      this.#missing = ["listing gitrepositories"];
      await Promise.race([repositories.start(), aborted(stopping)]);
      const polls = this.#polls(client, resource);
      const observe = httpObserver(metrics);
      const server = new HttpServer({
        ...{ ...config.serverAddress, addressFlags: "--server-address", clock, logger, observe },
      });
      server.mount([webhookRoute(this.#receiver(repositories, tokens, polls))], { authorize: () => undefined });
      if (!stopping.aborted) {
        await server.start();
        logger.info("receiving webhooks", { serverPort: server.port });
        this.#missing = [];
        await aborted(stopping);
      }
      this.#missing = ["stopping"];
      await server.stop();
      await polls.stop();
      await Promise.all([repositories.stop(), secrets.stop()]);
    }
    await client.close();
  }

  async #client(): Promise<KubeClient> {
    const { config, metrics } = this.#parts;
    const access = await loadClusterAccess(config.cluster);
    const userAgent = `overseer-gitops-server/${VERSION}`;
    return new KubeClient({ access, userAgent, onRequest: requestObserver(metrics) });
  }

  /** Finds the GitRepository kind; returns undefined if `signal` is aborted first. */
  async #findRepositories(client: KubeClient, signal: AbortSignal): Promise<ResourceInfo | undefined> {
    const { clock, logger } = this.#parts;
    const discovery = new Discovery(client, clock);
    try {
      return await onceReady({ clock, logger, signal }, () => findOwnKind(discovery, "GitRepository"));
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #caches(client: KubeClient, resource: ResourceInfo) {
    const { clock, logger, metrics, config } = this.#parts;
    const secrets = new SecretCache({ client, clock, logger, onChange: (...secret) => tokens.changed(...secret) });
    const tokens = new WebhookTokens(secrets, clock);
    const repositories: ResourceCache<GitRepository> = new ResourceCache<GitRepository>({
      client,
      clock,
      logger,
      resource,
      namespaces: config.watchNamespaces,
      trim: onlyWebhook,
      observer: reflectorObserver(metrics, `${resource.group}/${resource.kind}`),
      onChange: (_key, current, previous) => {
        const [now, before] = [current?.spec.webhook?.secretRef.name, previous?.spec.webhook?.secretRef.name];
        if (before !== undefined && now !== before) tokens.retain(secretsOf(repositories.values()));
      },
    });
    return { repositories, secrets, tokens };
  }

  #polls(client: KubeClient, resource: ResourceInfo): PollRequests {
    const { clock, logger, metrics } = this.#parts;
    return new PollRequests({
      clock,
      logger,
      observe: (result) => metrics.webhooks.polls.of({ result }).inc(),
      send: (repository) => requestPoll(client, resource, repository, new Date(clock.now()).toISOString()),
    });
  }

  #receiver(repositories: ResourceCache<GitRepository>, tokens: WebhookTokens, polls: PollRequests): WebhookReceiver {
    const { clock, logger, metrics } = this.#parts;
    return new WebhookReceiver({
      secretOf: (repository) => repositories.get(repository)?.spec.webhook?.secretRef.name,
      tokenOf: (namespace, secret) => tokens.of(namespace, secret),
      onPush: (repository) => polls.request(repository),
      slots: new Slots(SLOTS),
      maxBodyBytes: MAX_BODY_BYTES,
      refusals: new RefusalLog(clock, logger),
      observe: (provider, result) => metrics.webhooks.total.of({ provider, result }).inc(),
    });
  }
}

/** Reduces a repository to the fields used here. */
function onlyWebhook({ apiVersion, kind, metadata, spec }: GitRepository): GitRepository {
  const { url, interval, timeout, suspend, webhook } = spec;
  const { name, namespace, uid, resourceVersion, generation } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, generation },
    spec: { url, interval, timeout, suspend, ...(webhook ? { webhook } : {}) },
  };
}

function secretsOf(repositories: Iterable<GitRepository>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { metadata, spec } of repositories) {
    if (spec.webhook) keys.add(`${metadata.namespace}/${spec.webhook.secretRef.name}`);
  }
  return keys;
}

/** Sets the annotation that requests a poll, with a unique value. Ignores a deleted repository. */
async function requestPoll(client: KubeClient, resource: ResourceInfo, key: string, time: string): Promise<void> {
  const [namespace = "", name = ""] = key.split("/");
  const value = `${time} webhook ${randomBytes(4).toString("hex")}`;
  try {
    await client.request({
      method: "PATCH",
      path: objectPath(resource, namespace, name),
      query: { fieldManager: `${OPERATOR_MANAGER}-server` },
      contentType: "application/merge-patch+json",
      body: { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: value } } },
    });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
