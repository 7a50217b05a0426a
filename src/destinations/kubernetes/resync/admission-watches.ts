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

/** Watched kinds: a change of these may affect other objects without an event on them. */
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

/** Retry interval without permission to watch. Everything is verified once the watch succeeds. */
const REFUSED_MS = 300_000;
/** Delay before discovery is retried. */
const RETRY_MS = 30_000;

/** Options of the watches. */
export interface AdmissionWatchesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `what`: the changed object, for the log. */
  readonly onChange: (matches: ResourceMatcher, what: string) => void;
  /** Called when a connection fails. */
  readonly onFailure: () => void;
}

/** The stored part of an object. */
type Entry = Pick<LiveMetadata, "name" | "uid" | "generation">;

/** The rules of a webhook or policy, and the resources that they match. */
interface WatchedRules {
  readonly text: string;
  readonly matches: ResourceMatcher;
}

/**
 * Watches the metadata of definitions, webhooks and admission policies. A changed one is read once, to find out which resources
 * it matches and whether its rules differ from before.
 */
export class AdmissionWatches {
  readonly #options: AdmissionWatchesOptions;
  #reflectors: Reflector<Entry>[] = [];
  /** Rules of objects that have changed before, by kind and name. */
  readonly #known = new Map<string, WatchedRules>();
  readonly #throttle: ChangeThrottle;
  #stopped = false;

  constructor(options: AdmissionWatchesOptions) {
    this.#options = options;
    this.#throttle = new ChangeThrottle(options.clock, PACE.meaning);
  }

  /** Starts watching those of the kinds that the API server serves. */
  start(): void {
    void this.#begin();
  }

  /** Stops all watches. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#throttle.stop();
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
      logger.warn("cannot watch webhooks and admission policies yet", { error: messageOf(error) });
      clock.after(RETRY_MS, () => void this.#begin());
    }
  }

  #watch(resource: ResourceInfo): Reflector<Entry> {
    const { client, clock, logger } = this.#options;
    let refused = false;
    const reflector = new Reflector<Entry>({
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
          logger.warn("changes are not detected: the operator lacks permission to list and watch", {
            resource: plural,
          });
        if (error === undefined && refused) {
          logger.info("changes are detected again", { resource: plural });
          this.#options.onChange(matchesAll, plural);
        }
        refused = isStatus(error, 403) || (refused && error !== undefined);
      },
      refusedPauseMs: REFUSED_MS,
    });
    reflector.start();
    return reflector;
  }

  #changed(resource: ResourceInfo, event: StoreEvent<Entry>): void {
    const { name } = event.type === "Deleted" ? event.previous : event.object;
    const key = keyOf(resource, name);
    this.#throttle.changed(key, async () => {
      if (resource.kind === "CustomResourceDefinition") this.#options.onChange(matcherOfDefinition(name), key);
      else await this.#compare(resource, name, key);
    });
  }

  /** Reports the resources that a webhook or policy matched before and matches now, unless its rules are unchanged. */
  async #compare(resource: ResourceInfo, name: string, key: string): Promise<void> {
    const now = await this.#read(resource, name);
    const before = this.#known.get(key);
    if (now) this.#known.set(key, now);
    else this.#known.delete(key);
    if (before && before.text === now?.text) return;
    const either = [before ?? now, now ?? before].map((rules) => rules?.matches ?? matchesAll);
    this.#onceInForce((one) => either.some((matches) => matches(one)), key);
  }

  /** Delays a change until its rules are in force, since an earlier verification would not notice them. */
  #onceInForce(matches: ResourceMatcher, what: string): void {
    const { clock, onChange } = this.#options;
    clock.after(PACE.inForceMs, () => {
      if (!this.#stopped) onChange(matches, what);
    });
  }

  /** Reads the rules of an object; undefined if it is gone. If reading fails, it is assumed to match everything. */
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

  /** Returns a matcher for a binding: that of its policy, even if it changes later; matches nothing without a policy. */
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

/** Whether an event changes more than the status or the metadata. */
function isRuleChange(event: StoreEvent<Entry>): boolean {
  if (event.type !== "Modified") return true;
  return event.previous.generation !== event.object.generation || event.previous.uid !== event.object.uid;
}

/** Returns the resource of the policies for a kind of bindings. */
function policyOf(binding: ResourceInfo): ResourceInfo {
  return {
    ...binding,
    kind: binding.kind.replace(/Binding$/, ""),
    plural: binding.plural.replace("policybindings", "policies"),
  };
}
