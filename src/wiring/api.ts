import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CustomResource } from "../api/meta.js";
import type { AppRow } from "../api/rest/apps.js";
import type { ChangeRow } from "../api/rest/changes.js";
import type { RepositoryRow } from "../api/rest/repositories.js";
import { ResourceCache } from "../controllers/resource-cache.js";
import { HttpServer } from "../http/server.js";
import { loadClusterAccess } from "../kube/client/auth.js";
import { KubeClient } from "../kube/client/kube-client.js";
import { Discovery } from "../kube/discovery.js";
import type { ResourceInfo } from "../kube/resource.js";
import { restRoutes } from "../server/rest/api.js";
import { EventHub } from "../server/rest/events/event-hub.js";
import { Streams } from "../server/rest/events/streams.js";
import { type ListedPlural, ReadingRights } from "../server/rest/identity/reading-rights.js";
import { TokenReviews } from "../server/rest/identity/token-reviews.js";
import { UserRequests, withoutCredential } from "../server/rest/identity/user-requests.js";
import { type LeaderAddress, LeaderClient } from "../server/rest/leader/leader-client.js";
import { appListRow } from "../server/rest/lists/app-row.js";
import { changeListRow } from "../server/rest/lists/change-row.js";
import { asListed, type Listed } from "../server/rest/lists/listed.js";
import { repositoryListRow } from "../server/rest/lists/repository-row.js";
import { Snapshots } from "../server/rest/lists/snapshots.js";
import type { ListRow } from "../server/rest/lists/window.js";
import { mountRest } from "../server/rest/mount.js";
import { RateLimits } from "../server/rest/rate-limits.js";
import type { OwnResources } from "../server/rest/route.js";
import { PlanReader } from "../server/rest/whole-plan.js";
import { loadSite } from "../server/ui/load-site.js";
import { reflectorObserver, requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { openAudit } from "./audit.js";
import { findOwnKind, onceReady } from "./cluster.js";
import { findLeader } from "./internal-server.js";
import type { Role, RoleParts } from "./role.js";
import { createSessions } from "./sessions.js";

/** Connections to the API server for requests of users. */
const USER_CONNECTIONS = 64;

/** Serves the REST API. Replicas with this role share nothing and need no leader. */
export class ApiRole implements Role {
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
    const { own, bare } = await this.#clients();
    const resources = await this.#findKinds(own, stopping);
    if (resources) await this.#serve(own, bare, resources, stopping);
    await Promise.all([own.close(), bare.close()]);
  }

  async #serve(own: KubeClient, bare: KubeClient, resources: OwnResources, stopping: AbortSignal): Promise<void> {
    const { config, clock, logger } = this.#parts;
    const hub = new EventHub();
    const streams = new Streams();
    const caches: Caches = {
      apps: this.#cache(own, resources.app, appListRow, (...rows) => hub.changed("overseerapps", ...rows)),
      changes: this.#cache(own, resources.change, changeListRow, (...rows) => hub.changed("changes", ...rows)),
      repositories: this.#cache(own, resources.repository, repositoryListRow, (...rows) =>
        hub.changed("gitrepositories", ...rows),
      ),
    };
    const all = Object.values(caches);
    this.#missing = ["listing apps, changes and repositories"];
    await Promise.race([Promise.all(all.map((cache) => cache.start())), aborted(stopping)]);
    const users = new UserRequests(own, bare);
    const pathPrefix = new URL(config.signIn.publicUrl ?? "http://localhost").pathname.replace(/\/+$/, "");
    const server = new HttpServer({
      ...config.apiAddress,
      addressFlags: "--api-address",
      trustedProxies: config.trustedProxies,
      pathPrefix,
      clock,
      logger,
    });
    const issuer = await createSessions(this.#parts);
    const sessions = issuer?.sessions;
    const tokens = new TokenReviews(own, clock, logger, issuer?.idTokens);
    const lease = { namespace: config.namespace, name: config.internal.leaseName };
    const find = (): Promise<LeaderAddress | undefined> => findLeader(own, lease);
    const leader = new LeaderClient({ clock, logger, tokenFile: config.leaderTokenFile, find });
    const auditDir = config.auditDir && join(config.auditDir, "api");
    const audit = await openAudit({ ...this.#parts, config: { ...config, auditDir } });
    const routes = restRoutes({
      ...caches,
      trail: audit.trail,
      leader,
      plans: new PlanReader(leader),
      clock,
      users,
      resources,
      rights: new ReadingRights({ clock, users, namespacesOf: (plural) => namespacesIn(caches, plural) }),
      snapshots: new Snapshots(clock),
      kinds: new Discovery(own, clock),
      version: () => hub.position,
      ...{ hub, streams, sessions },
      stillSignedIn: async ({ credential }) => {
        if (credential.token !== undefined) await tokens.authenticate(credential.token);
      },
      programVersion: VERSION,
    });
    const site = await loadSite(fileURLToPath(new URL("ui/", import.meta.url)), pathPrefix);
    if (site !== undefined) server.serveFiles(site);
    mountRest(server, routes, { tokens, sessions, limits: new RateLimits(clock), audit: audit.trail });
    if (!stopping.aborted) {
      await server.start();
      logger.info("serving the REST API", { apiPort: server.port, webUi: site !== undefined });
      this.#missing = [];
      await aborted(stopping);
    }
    this.#missing = ["stopping"];
    streams.stop();
    await server.stop();
    await Promise.all([audit.close(), leader.close()]);
    await Promise.all(all.map((cache) => cache.stop()));
  }

  /** Returns a client with the credential of this role, and one without any, for the tokens of users. */
  async #clients(): Promise<{ readonly own: KubeClient; readonly bare: KubeClient }> {
    const { config, metrics } = this.#parts;
    const access = await loadClusterAccess(config.cluster);
    const shared = { userAgent: `overseer-gitops-api/${VERSION}`, onRequest: requestObserver(metrics) };
    return {
      own: new KubeClient({ ...shared, access, connections: USER_CONNECTIONS }),
      bare: new KubeClient({ ...shared, access: withoutCredential(access), connections: USER_CONNECTIONS }),
    };
  }

  /** Finds our kinds; returns undefined if `signal` is aborted first. */
  async #findKinds(client: KubeClient, signal: AbortSignal): Promise<OwnResources | undefined> {
    const { clock, logger } = this.#parts;
    const discovery = new Discovery(client, clock);
    try {
      return await onceReady({ clock, logger, signal }, async () => ({
        app: await findOwnKind(discovery, "OverseerApp"),
        change: await findOwnKind(discovery, "Change"),
        approval: await findOwnKind(discovery, "Approval"),
        repository: await findOwnKind(discovery, "GitRepository"),
      }));
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #cache<T extends CustomResource<unknown, unknown>, Row>(
    client: KubeClient,
    resource: ResourceInfo,
    listRow: (object: T) => ListRow<Row>,
    onChange: (current: ListRow<Row> | undefined, previous: ListRow<Row> | undefined) => void,
  ): ResourceCache<Listed<Row>> {
    const { clock, logger, metrics, config } = this.#parts;
    return new ResourceCache<Listed<Row>>({
      client,
      clock,
      logger,
      resource,
      namespaces: config.watchNamespaces,
      trim: (object) => asListed(object as unknown as T, listRow),
      observer: reflectorObserver(metrics, `${resource.group}/${resource.kind}`),
      onChange: (_key, current, previous) => onChange(current?.spec, previous?.spec),
    });
  }
}

interface Caches {
  readonly apps: ResourceCache<Listed<AppRow>>;
  readonly changes: ResourceCache<Listed<ChangeRow>>;
  readonly repositories: ResourceCache<Listed<RepositoryRow>>;
}

/** Returns the namespaces with objects of a kind. */
function namespacesIn({ apps, changes, repositories }: Caches, plural: ListedPlural): ReadonlySet<string> {
  const namespaces = new Set<string>();
  const cache = { overseerapps: apps, changes, gitrepositories: repositories }[plural];
  for (const { spec } of cache.values()) namespaces.add(spec.namespace);
  return namespaces;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
