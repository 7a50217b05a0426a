import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { LiveMetadata, RawObject } from "../../../kube/object.js";
import { Reflector, type StoreEvent } from "../../../kube/reflector.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../kube/resource.js";
import { isRecord } from "../../../manifest/shape.js";
import { type Concerns, concernedByDefinition, concernedByRules, concernsAll, meaningOf } from "./concerned.js";
import { PACE } from "./pace.js";

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
export interface MeaningWatchesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (concerns: Concerns) => void;
  /** A connection failed. */
  readonly onFailure: () => void;
}

/** What is kept of an object. */
type Seen = Pick<LiveMetadata, "name" | "uid" | "generation">;

/**
 * Follows definitions, webhooks and admission policies by their metadata alone. One that changes is read once, to know which
 * resources it concerns and whether it means anything else than before.
 */
export class MeaningWatches {
  readonly #options: MeaningWatchesOptions;
  #reflectors: Reflector<Seen>[] = [];
  /** What was read of an object that has changed before, by kind and name. */
  readonly #known = new Map<string, { readonly meaning: string; readonly concerns: Concerns }>();
  #stopped = false;

  constructor(options: MeaningWatchesOptions) {
    this.#options = options;
  }

  /** Begins to watch what the API server serves of these kinds. */
  start(): void {
    void this.#begin();
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    this.#stopped = true;
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
        if (reflector.synced && isNews(event)) void this.#changed(resource, event);
      },
      onSync: (error) => {
        if (error !== undefined) this.#options.onFailure();
        const { plural } = resource;
        if (isStatus(error, 403) && !refused)
          logger.warn("changes are not seen: the operator may not list and watch", { resource: plural });
        if (error === undefined && refused) {
          logger.info("changes are seen again", { resource: plural });
          this.#options.onChange(concernsAll);
        }
        refused = isStatus(error, 403) || (refused && error !== undefined);
      },
      refusedPauseMs: REFUSED_MS,
    });
    reflector.start();
    return reflector;
  }

  async #changed(resource: ResourceInfo, event: StoreEvent<Seen>): Promise<void> {
    const { name } = event.type === "Deleted" ? event.previous : event.object;
    const key = `${resource.kind} ${name}`;
    const before = this.#known.get(key);
    if (resource.kind === "CustomResourceDefinition") this.#options.onChange(concernedByDefinition(name));
    else if (event.type === "Deleted") {
      this.#known.delete(key);
      this.#onceInForce(before?.concerns ?? concernsAll);
    } else {
      const now = await this.#read(resource, name);
      this.#known.set(key, now);
      if (before?.meaning !== now.meaning)
        this.#onceInForce((one) => now.concerns(one) || (before?.concerns(one) ?? false));
    }
  }

  /** A look that is too early would find all as it was before. Each change has its own time. */
  #onceInForce(concerns: Concerns): void {
    const { clock, onChange } = this.#options;
    clock.after(PACE.inForceMs, () => {
      if (!this.#stopped) onChange(concerns);
    });
  }

  /** What cannot be read may mean anything. */
  async #read(resource: ResourceInfo, name: string): Promise<{ meaning: string; concerns: Concerns }> {
    try {
      const object = await this.#get(resource, name);
      const policy = isRecord(object.spec) ? object.spec.policyName : undefined;
      const bound = typeof policy === "string" ? await this.#get(policyOf(resource), policy) : object;
      return { meaning: meaningOf(object), concerns: concernedByRules(bound) };
    } catch (error) {
      return { meaning: messageOf(error), concerns: concernsAll };
    }
  }

  async #get(resource: ResourceInfo, name: string): Promise<RawObject> {
    const path = objectPath(resource, "", name);
    return (await this.#options.client.request<RawObject>({ method: "GET", path })).body;
  }
}

function isWatched({ group, kind, verbs }: ResourceInfo): boolean {
  return (KINDS.get(group)?.includes(kind) ?? false) && verbs.has("watch");
}

/** Whether an event is more than a status or a label. */
function isNews(event: StoreEvent<Seen>): boolean {
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
