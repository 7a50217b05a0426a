import { GROUP } from "../../../api/group.js";
import { APP_VERBS, type AppVerb } from "../../../api/rest/fields.js";
import type { Clock } from "../../../base/clock.js";
import { Semaphore } from "../../../base/semaphore.js";
import { ExpiringCache } from "../expiring-cache.js";
import { type Identity, identityKey } from "./identity.js";
import type { UserRequests } from "./user-requests.js";

/** Kinds that lists show. */
export type ListedPlural = "overseerapps" | "changes" | "gitrepositories";

/** What a user may read of one kind. */
export interface Readable {
  /** Reports whether an object may be read. */
  includes(namespace: string, name: string): boolean;
  /** Reports whether the rights in a namespace are known: a new namespace is not. */
  knows(namespace: string): boolean;
  /** Changes when the rights change. */
  readonly signature: string;
}

/** Time for which the rights of a user are not asked for again. */
const KEPT_MS = 30_000;
const MAX_USERS = 1_000;
const MAX_NAMESPACE_RULES = 20_000;
/** Concurrent reviews, for all users. */
const CONCURRENCY = 8;

/** Rules of a user in a namespace, as the API server lists them. */
interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}
interface NamespaceRules {
  readonly rules: readonly Rule[];
  /** Whether an authorizer of the API server cannot list its rules. */
  readonly incomplete: boolean;
}

/** Options of the rights. */
export interface ReadingRightsOptions {
  readonly clock: Clock;
  readonly users: UserRequests;
  /** Namespaces with objects of a kind. */
  readonly namespacesOf: (plural: ListedPlural) => Iterable<string>;
}

/**
 * What users may read, by few requests: one review for all namespaces, and only if that is refused one list of rules for each
 * namespace that has objects. Never one for each object.
 */
export class ReadingRights {
  readonly #options: ReadingRightsOptions;
  readonly #everywhere: ExpiringCache<boolean>;
  readonly #rules: ExpiringCache<NamespaceRules>;
  readonly #reviews = new Semaphore(CONCURRENCY);

  constructor(options: ReadingRightsOptions) {
    this.#options = options;
    this.#everywhere = new ExpiringCache(options.clock, MAX_USERS);
    this.#rules = new ExpiringCache(options.clock, MAX_NAMESPACE_RULES);
  }

  /** Returns what a user may read of a kind. */
  async readable(user: Identity, plural: ListedPlural): Promise<Readable> {
    if (await this.#mayListEverywhere(user, plural)) return { includes: () => true, knows: () => true, signature: "*" };
    const namespaces = [...new Set(this.#options.namespacesOf(plural))];
    const known = new Map<string, "all" | ReadonlySet<string>>();
    await Promise.all(
      namespaces.map(async (namespace) => known.set(namespace, await this.#readableIn(user, plural, namespace))),
    );
    const rights = [...known].map(([namespace, names]) => [namespace, names === "all" ? names : [...names].sort()]);
    return {
      // A namespace without a right is no right.
      signature: JSON.stringify(rights.filter(([, names]) => names?.length !== 0).sort()),
      knows: (namespace) => known.has(namespace),
      includes: (namespace, name) => {
        const names = known.get(namespace);
        return names === "all" || (names?.has(name) ?? false);
      },
    };
  }

  /** Returns what a user may do with an app; without `name`, with all apps of a namespace. */
  async can(user: Identity, namespace: string, name?: string): Promise<AppVerb[]> {
    const { rules } = await this.#rulesOf(user, namespace);
    return APP_VERBS.filter((verb) =>
      rules.some(
        (rule) =>
          permits(rule, verb === "update" ? "patch" : verb, "overseerapps") &&
          (isForAll(rule) || (name !== undefined && rule.resourceNames?.includes(name))),
      ),
    );
  }

  async #readableIn(user: Identity, plural: ListedPlural, namespace: string): Promise<"all" | ReadonlySet<string>> {
    const { rules, incomplete } = await this.#rulesOf(user, namespace);
    const listing = rules.filter((rule) => permits(rule, "list", plural));
    if (listing.some(isForAll)) return "all";
    if (incomplete && (await this.#mayList(user, plural, namespace))) return "all";
    const reading = rules.filter((rule) => permits(rule, "get", plural));
    return new Set(reading.flatMap((rule) => rule.resourceNames ?? []));
  }

  #rulesOf(user: Identity, namespace: string): Promise<NamespaceRules> {
    const load = (): Promise<NamespaceRules> =>
      this.#reviews.run(async () => {
        const { body } = await this.#options.users.as(user).request<{
          status?: { resourceRules?: readonly Rule[]; incomplete?: boolean };
        }>({
          method: "POST",
          path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
          body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } },
        });
        const { resourceRules = [], incomplete = false } = body.status ?? {};
        return { rules: resourceRules.filter(isOurs), incomplete };
      });
    return this.#rules.get(`${identityKey(user)} ${namespace}`, load, { ms: KEPT_MS });
  }

  #mayListEverywhere(user: Identity, plural: ListedPlural): Promise<boolean> {
    const load = (): Promise<boolean> => this.#mayList(user, plural, "");
    return this.#everywhere.get(`${identityKey(user)} ${plural}`, load, { ms: KEPT_MS });
  }

  /** Reports whether a user may set and remove freezes of Environments. */
  mayFreeze(user: Identity): Promise<boolean> {
    const load = async (): Promise<boolean> => {
      const both = ["freeze", "patch"].map((verb) => this.#may(user, verb, "environments", ""));
      return (await Promise.all(both)).every(Boolean);
    };
    return this.#everywhere.get(`${identityKey(user)} freeze`, load, { ms: KEPT_MS });
  }

  /** Reports whether a user may read the audit trail: a right in all namespaces. */
  mayReadAudit(user: Identity): Promise<boolean> {
    const load = (): Promise<boolean> => this.#may(user, "list", "auditrecords", "");
    return this.#everywhere.get(`${identityKey(user)} audit`, load, { ms: KEPT_MS });
  }

  /** Reports whether a user may read the log of a Pod. */
  mayReadLog(user: Identity, namespace: string, pod: string): Promise<boolean> {
    const what = { group: "", resource: "pods", subresource: "log", verb: "get", namespace, name: pod };
    const key = `${identityKey(user)} log ${namespace}/${pod}`;
    return this.#everywhere.get(key, () => this.#isAllowed(user, what), { ms: KEPT_MS });
  }

  #mayList(user: Identity, resource: ListedPlural, namespace: string): Promise<boolean> {
    return this.#may(user, "list", resource, namespace);
  }

  #may(user: Identity, verb: string, resource: string, namespace: string): Promise<boolean> {
    return this.#isAllowed(user, { group: GROUP, resource, verb, namespace });
  }

  /** Asks in the name of the user, so that restrictions of the token itself count. */
  #isAllowed(user: Identity, resourceAttributes: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#reviews.run(async () => {
      const { body } = await this.#options.users.as(user).request<{ status?: { allowed?: boolean } }>({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes },
        },
      });
      return body.status?.allowed === true;
    });
  }
}

function isOurs({ apiGroups = [] }: Rule): boolean {
  return apiGroups.includes(GROUP) || apiGroups.includes("*");
}

function permits({ verbs, resources = [] }: Rule, verb: string, plural: string): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes(value) || list.includes("*");
  return has(verbs, verb) && has(resources, plural);
}

function isForAll({ resourceNames }: Rule): boolean {
  return resourceNames === undefined || resourceNames.length === 0;
}
