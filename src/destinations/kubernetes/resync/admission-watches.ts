import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { LiveMetadata, RawObject } from "../../../kube/object.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../kube/resource.js";
import { Reflector, type StoreEvent } from "../../../kube/watch/reflector.js";
import { isRecord } from "../../../manifest/shape.js";
import { ChangeThrottle } from "./change-throttle.js";
import {
  matcherOfDefinition,
  matcherOfRules,
  matchesAll,
  matchesNone,
  type ResourceMatcher,
  versionlessRules,
} from "./resource-matcher.js";
import { PACE } from "./resync-rate.js";

/** What is watched: with each of them, the meaning of other objects may change without an event on these. */
const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["apiextensions.k8s.io", ["CustomResourceDefinition"]],
  [
    "admissionregistration.k8s.io",
    [
      "MutatingWebhookConfiguration",
      "ValidatingWebhookConfiguration",
      "MutatingAdmissionPolicy",
      "MutatingAdmissionPolicyBinding",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
    ],
  ],
]);

/** What may not be watched is asked for this rarely: what changed until then is looked at when it may. */
const REFUSED_MS = 300_000;
/** Before it is asked again what the API server serves. */
const AGAIN_MS = 30_000;

/** What the watches need. */
export interface AdmissionWatchesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `what`: the object that changed, for people. */
  readonly onChange: (matches: ResourceMatcher, what: string) => void;
  /** A connection failed. */
  readonly onFailure: () => void;
}

/** What is kept of an object. */
type Seen = Pick<LiveMetadata, "name" | "uid" | "generation">;

/** What a webhook or policy does, and to what. */
interface WatchedRules {
  readonly text: string;
  readonly matches: ResourceMatcher;
}

/**
 * Follows definitions, webhooks and admission policies by their metadata alone. One that changes is read once, to know which
 * resources it concerns and whether it means anything else than before.
 */
export class AdmissionWatches {
  readonly #options: AdmissionWatchesOptions;
  #reflectors: Reflector<Seen>[] = [];
  /** What was read of an object that has changed before, by kind and name. */
  readonly #known = new Map<string, WatchedRules>();
  readonly #turns: ChangeThrottle;
  #stopped = false;

  constructor(options: AdmissionWatchesOptions) {
    this.#options = options;
    this.#turns = new ChangeThrottle(options.clock, PACE.meaning);
  }

  /** Begins to watch what the API server serves of these kinds. */
  start(): void {
    void this.#begin();
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turns.stop();
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  async #begin(): Promise<void> {
    const { clock, discovery, logger } = this.#options;
    if (this.#stopped) return;
    try {
      const served = new Map((await discovery.all()).filter(isWatched).map((one) => [`${one.group}/${one.kind}`, one]));
      if (this.#stopped) return;
      this.#reflectors = [...served.values()].map((resource) => this.#watch(resource));
    } catch (error) {
      logger.warn("changes of webhooks and policies are not seen yet", { error: messageOf(error) });
      clock.after(AGAIN_MS, () => void this.#begin());
    }
  }

  #watch(resource: ResourceInfo): Reflector<Seen> {
    const { client, clock, logger } = this.#options;
    let refused = false;
    const reflector = new Reflector<Seen>({
      client,
      clock,
      logger,
      path: collectionPath(resource),
      mode: "metadata",
      reduce: ({ metadata: { name, uid, generation } }) => ({ name, uid, ...(generation ? { generation } : {}) }),
      uidOf: ({ uid }) => uid,
      onEvent: (event) => {
        if (reflector.synced && isRuleChange(event)) this.#changed(resource, event);
      },
      onSync: (error) => {
        if (error !== undefined) this.#options.onFailure();
        const { plural } = resource;
        if (isStatus(error, 403) && !refused)
          logger.warn("changes are not seen: the operator may not list and watch", { resource: plural });
        if (error === undefined && refused) {
          logger.info("changes are seen again", { resource: plural });
          this.#options.onChange(matchesAll, plural);
        }
        refused = isStatus(error, 403) || (refused && error !== undefined);
      },
      refusedPauseMs: REFUSED_MS,
    });
    reflector.start();
    return reflector;
  }

  #changed(resource: ResourceInfo, event: StoreEvent<Seen>): void {
    const { name } = event.type === "Deleted" ? event.previous : event.object;
    const key = keyOf(resource, name);
    this.#turns.changed(key, async () => {
      if (resource.kind === "CustomResourceDefinition") this.#options.onChange(matcherOfDefinition(name), key);
      else await this.#compare(resource, name, key);
    });
  }

  /** Has looked at what a webhook or policy concerned and concerns, unless it means what it meant. */
  async #compare(resource: ResourceInfo, name: string, key: string): Promise<void> {
    const now = await this.#read(resource, name);
    const before = this.#known.get(key);
    if (now) this.#known.set(key, now);
    else this.#known.delete(key);
    if (before && before.text === now?.text) return;
    const either = [before ?? now, now ?? before].map((meaning) => meaning?.matches ?? matchesAll);
    this.#onceInForce((one) => either.some((matches) => matches(one)), key);
  }

  /** A look that is too early would find all as it was before. Each change has its own time. */
  #onceInForce(matches: ResourceMatcher, what: string): void {
    const { clock, onChange } = this.#options;
    clock.after(PACE.inForceMs, () => {
      if (!this.#stopped) onChange(matches, what);
    });
  }

  /** Undefined: it is gone. What cannot be read may mean anything. */
  async #read(resource: ResourceInfo, name: string): Promise<WatchedRules | undefined> {
    try {
      const object = await this.#get(resource, name);
      if (object === undefined) return undefined;
      const policy = isRecord(object.spec) ? object.spec.policyName : undefined;
      const matches =
        typeof policy === "string" ? await this.#matcherOfPolicy(resource, policy) : matcherOfRules(object);
      return { text: versionlessRules(object), matches };
    } catch (error) {
      return { text: messageOf(error), matches: matchesAll };
    }
  }

  /** What a binding concerns: what its policy does, also if that changes later; nothing without one. */
  async #matcherOfPolicy(binding: ResourceInfo, name: string): Promise<ResourceMatcher> {
    const resource = policyOf(binding);
    const policy = await this.#get(resource, name);
    const asRead = policy ? matcherOfRules(policy) : matchesNone;
    return (one) => (this.#known.get(keyOf(resource, name))?.matches ?? asRead)(one);
  }

  async #get(resource: ResourceInfo, name: string): Promise<RawObject | undefined> {
    const path = objectPath(resource, "", name);
    try {
      return (await this.#options.client.request<RawObject>({ method: "GET", path })).body;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }
}

function keyOf({ kind }: ResourceInfo, name: string): string {
  return `${kind} ${name}`;
}

function isWatched({ group, kind, verbs }: ResourceInfo): boolean {
  return (KINDS.get(group)?.includes(kind) ?? false) && verbs.has("watch");
}

/** Whether an event is more than a status or a label. */
function isRuleChange(event: StoreEvent<Seen>): boolean {
  if (event.type !== "Modified") return true;
  return event.previous.generation !== event.object.generation || event.previous.uid !== event.object.uid;
}

/** The resource of the policies that a binding names. */
function policyOf(binding: ResourceInfo): ResourceInfo {
  return {
    ...binding,
    kind: binding.kind.replace(/Binding$/, ""),
    plural: binding.plural.replace("policybindings", "policies"),
  };
}
