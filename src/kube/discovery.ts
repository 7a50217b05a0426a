import type { Clock } from "../base/clock.js";
import type { GroupVersionKind } from "../manifest/object-id.js";
import type { KubeClient } from "./client/kube-client.js";
import { ensureReady } from "./client/readiness.js";
import type { ResourceInfo } from "./resource.js";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/** Unknown kinds ask the API server again at most this often. */
const MIN_REFRESH_MS = 1_000;

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
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

/** What kinds the API server serves, and under which paths. Cached; a kind that is missing is looked for again. */
export class Discovery {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  #kinds: ReadonlyMap<string, ResourceInfo> = new Map();
  #serverVersion: string | undefined;
  #loadedAt = Number.NEGATIVE_INFINITY;
  /** How often kinds were said to have changed, and what of that the kinds show. */
  #changes = 1;
  #seen = 0;
  #loading: Promise<void> | undefined;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The kind as served; undefined when the API server has no such kind. */
  async find(gvk: GroupVersionKind): Promise<ResourceInfo | undefined> {
    await this.#refresh();
    const known = this.#kinds.get(keyOf(gvk));
    if (known || this.#clock.monotonic() - this.#loadedAt < MIN_REFRESH_MS) return known;
    await this.#load();
    return this.#kinds.get(keyOf(gvk));
  }

  /** As `find`, or at another version where this one is served no more: objects outlive the version that they were written at. */
  async findAny(gvk: GroupVersionKind): Promise<ResourceInfo | undefined> {
    return (await this.find(gvk)) ?? this.peekAny(gvk);
  }

  /** The kind as last seen, without asking. */
  peek(gvk: GroupVersionKind): ResourceInfo | undefined {
    return this.#kinds.get(keyOf(gvk));
  }

  /** The kind as last seen, at the version asked for or, where that is served no more, at another one. */
  peekAny(gvk: GroupVersionKind): ResourceInfo | undefined {
    const exact = this.peek(gvk);
    if (exact) return exact;
    for (const info of this.#kinds.values()) if (info.group === gvk.group && info.kind === gvk.kind) return info;
    return undefined;
  }

  /** All kinds served. */
  async all(): Promise<readonly ResourceInfo[]> {
    await this.#refresh();
    return [...this.#kinds.values()];
  }

  /** The version of the API server, like v1.35.2, as last seen; undefined before the first look. */
  get serverVersion(): string | undefined {
    return this.#serverVersion;
  }

  /** All kinds as last seen, without asking. Another look gives another map. */
  get kinds(): ReadonlyMap<string, ResourceInfo> {
    return this.#kinds;
  }

  /** Says that kinds came or went: the next question asks the API server. */
  invalidate(): void {
    this.#changes++;
  }

  /** What was under way when kinds were said to have changed may not show it: then once more. */
  async #refresh(): Promise<void> {
    for (let turn = 0; this.#seen < this.#changes && turn < 2; turn++) await this.#load();
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
    // Kinds that are gone would cost apps their watches: a server that is starting does not count.
    if ([...this.#kinds.keys()].some((key) => !kinds.has(key))) await ensureReady(this.#client);
    this.#kinds = kinds;
    this.#serverVersion = version ?? this.#serverVersion;
    this.#seen = changes;
    this.#loadedAt = this.#clock.monotonic();
  }

  /** The version is a fact for charts alone: a server that does not give it is worked with all the same. */
  async #requestVersion(): Promise<string | undefined> {
    const request = this.#client.request<{ gitVersion?: string }>({ method: "GET", path: "/version" });
    return request.then(
      ({ body }) => body.gitVersion,
      () => undefined,
    );
  }
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
