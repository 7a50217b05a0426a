import type { Clock } from "../base/clock.js";
import type { GroupVersionKind } from "../manifest/object-id.js";
import type { KubeClient } from "./client/kube-client.js";
import { ensureReady } from "./client/readiness.js";
import type { ResourceInfo } from "./resource.js";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/** Minimum interval between refreshes for unknown kinds. */
const MIN_REFRESH_MS = 1_000;

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      /** `Stale` if the server behind the APIService does not respond: its resources may be missing. */
      readonly freshness?: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind: string };
        readonly scope: string;
        readonly verbs: readonly string[];
        readonly subresources?: readonly { readonly subresource: string }[];
      }[];
    }[];
  }[];
}

const keyOf = (gvk: GroupVersionKind): string => `${gvk.group}/${gvk.version}/${gvk.kind}`;

/** Discovery of the kinds that the API server serves, with their paths. Cached; a missing kind triggers a refresh. */
export class Discovery {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  #kinds: ReadonlyMap<string, ResourceInfo> = new Map();
  /** API versions, as `group/version`, whose server does not respond. */
  #unavailable: ReadonlySet<string> = new Set();
  #serverVersion: string | undefined;
  #loadedAt = Number.NEGATIVE_INFINITY;
  /** Number of invalidations, and how many of them the loaded kinds reflect. */
  #changes = 1;
  #loadedChanges = 0;
  #loading: Promise<void> | undefined;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Returns the kind as served; undefined if the API server does not serve it. */
  async find(gvk: GroupVersionKind): Promise<ResourceInfo | undefined> {
    await this.#refresh();
    const known = this.#kinds.get(keyOf(gvk));
    if (known || this.#clock.monotonic() - this.#loadedAt < MIN_REFRESH_MS) return known;
    await this.#load();
    return this.#kinds.get(keyOf(gvk));
  }

  /** Like `find`, but falls back to another version if this one is no longer served: objects outlive the version they were written at. */
  async findAny(gvk: GroupVersionKind): Promise<ResourceInfo | undefined> {
    return (await this.find(gvk)) ?? this.peekAny(gvk);
  }

  /** Returns the cached kind, without a request. */
  peek(gvk: GroupVersionKind): ResourceInfo | undefined {
    return this.#kinds.get(keyOf(gvk));
  }

  /** Like `peek`, but falls back to another version if this one is no longer served. */
  peekAny(gvk: GroupVersionKind): ResourceInfo | undefined {
    const exact = this.peek(gvk);
    if (exact) return exact;
    for (const info of this.#kinds.values()) if (info.group === gvk.group && info.kind === gvk.kind) return info;
    return undefined;
  }

  /**
   * Returns the name of the APIService whose server does not respond, if that makes the kind unknown: its objects may exist. Uses
   * the cache. An unknown version may be served by any unavailable version of its group.
   */
  unavailableService(kind: Pick<GroupVersionKind, "group" | "kind" | "version">): string | undefined {
    if (this.#unavailable.size === 0 || this.peekAny(kind) !== undefined) return undefined;
    const { group, version } = kind;
    const exact = this.#unavailable.has(`${group}/${version}`) ? version : undefined;
    const any = [...this.#unavailable].find((one) => one.startsWith(`${group}/`))?.slice(group.length + 1);
    const found = exact ?? any;
    return found === undefined ? undefined : `${found}.${group}`;
  }

  /** Returns all served kinds. */
  async all(): Promise<readonly ResourceInfo[]> {
    await this.#refresh();
    return [...this.#kinds.values()];
  }

  /** Cached version of the API server, for example v1.35.2; undefined before the first load. */
  get serverVersion(): string | undefined {
    return this.#serverVersion;
  }

  /** Cached kinds, without a request. Each load creates a new map. */
  get kinds(): ReadonlyMap<string, ResourceInfo> {
    return this.#kinds;
  }

  /** Marks the cache as outdated: the next call refreshes it. */
  invalidate(): void {
    this.#changes++;
  }

  /** A load that was in flight at the invalidation may be outdated, so it is repeated once. */
  async #refresh(): Promise<void> {
    for (let attempt = 0; this.#loadedChanges < this.#changes && attempt < 2; attempt++) await this.#load();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#fetch().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #fetch(): Promise<void> {
    const changes = this.#changes;
    const list = (path: string) => this.#client.request<DiscoveryList>({ method: "GET", path, accept: AGGREGATED });
    const [core, groups, version] = await Promise.all([list("/api"), list("/apis"), this.#requestVersion()]);
    const kinds = new Map<string, ResourceInfo>();
    for (const list of [core.body, groups.body]) addKinds(kinds, list);
    const unavailable = staleVersions(groups.body);
    for (const [key, known] of this.#kinds)
      if (unavailable.has(`${known.group}/${known.version}`) && !kinds.has(key)) kinds.set(key, known);
    // A removed kind ends the watches of apps, so an incomplete list of a starting server is not accepted.
    if ([...this.#kinds.keys()].some((key) => !kinds.has(key))) await ensureReady(this.#client);
    this.#kinds = kinds;
    this.#unavailable = unavailable;
    this.#serverVersion = version ?? this.#serverVersion;
    this.#loadedChanges = changes;
    this.#loadedAt = this.#clock.monotonic();
  }

  /** Only charts use the version, so a server that does not report it is still usable. */
  async #requestVersion(): Promise<string | undefined> {
    const request = this.#client.request<{ gitVersion?: string }>({ method: "GET", path: "/version" });
    return request.then(
      ({ body }) => body.gitVersion,
      () => undefined,
    );
  }
}

/** Returns the API versions, as `group/version`, whose server does not respond. */
function staleVersions(list: DiscoveryList | undefined): ReadonlySet<string> {
  const all = (list?.items ?? []).flatMap(({ metadata, versions }) =>
    versions.map(({ version, freshness }) => ({ key: `${metadata?.name ?? ""}/${version}`, freshness })),
  );
  return new Set(all.filter(({ freshness }) => freshness === "Stale").map(({ key }) => key));
}

function addKinds(kinds: Map<string, ResourceInfo>, list: DiscoveryList | undefined): void {
  for (const group of list?.items ?? []) {
    for (const { version, resources } of group.versions) {
      for (const resource of resources ?? []) {
        if (!resource.responseKind) continue;
        const info: ResourceInfo = {
          group: group.metadata?.name ?? "",
          version,
          kind: resource.responseKind.kind,
          plural: resource.resource,
          namespaced: resource.scope === "Namespaced",
          verbs: new Set(resource.verbs),
          hasStatus: resource.subresources?.some((sub) => sub.subresource === "status") ?? false,
        };
        kinds.set(keyOf(info), info);
      }
    }
  }
}
