import { isNewer, type RawObject } from "../../../kube/object.js";
import { type GroupVersionKind, objectKey } from "../../../manifest/object-id.js";
import { appKey } from "../../../plan/live.js";
import { needsStatus } from "../health/rules.js";
import { isAsApplied, isExplained, type ObservedObject, sameHealth, sameRequests } from "./observed-object.js";

/** What happened to an object that its app should know of. */
export type ObjectEvent = "drift" | "health" | "gone";

/**
 * What we think of an object beyond what it says itself: `unverified` after an event that nothing explains, until it is
 * looked at; `drifted` when the look found another value although the managed fields do not tell.
 */
export type Verification = "none" | "unverified" | "drifted";

/** An object, and what we think of it. */
export interface Tracked {
  readonly object: ObservedObject;
  readonly verification: Verification;
  /** Monotonic time of the last answer of the API server that showed the object to be as it should; undefined: none yet. */
  readonly verifiedAt: number | undefined;
  /** Whether the API server kept no entry of our last apply: something strips it, and its absence tells nothing. */
  readonly untracked: boolean;
}

type Entry = { -readonly [Field in keyof Tracked]: Tracked[Field] };

/** A write of ours that is on its way: its event may come before its answer. */
interface Flight {
  count: number;
  /** resourceVersions of unexplained events since the write was sent. */
  readonly unexplained: string[];
}

/** How many of our own resourceVersions are remembered per object: events come in order, so few are ever needed. */
const OWN_WRITES = 4;

/** Ends that are remembered until their apps have noted them. */
const MAX_ENDED = 2_000;

/**
 * Knows every object that carries our labels, and judges each event on it: our own write, explained by what moved, or
 * unexplained and therefore to be verified. Pure bookkeeping: it sends nothing.
 */
export class Tracker {
  /** Monotonic time as it was last told: to the minute is enough. */
  #time = 0;
  readonly #onEvent: (app: string, object: ObservedObject, news: ObjectEvent) => void;
  readonly #isPast: (object: ObservedObject) => boolean;
  readonly #objects = new Map<string, Entry>();
  readonly #byApp = new Map<string, Set<string>>();
  readonly #flights = new Map<string, Flight>();
  /** Objects that had ended when they were last seen, and are gone, by their key; the oldest first. */
  readonly #ended = new Map<string, ObservedObject>();
  readonly #ownWrites = new Map<string, string[]>();

  /** `isPast`: whether the watch of its kind has told of everything up to this state of an object, and does not hold the object. */
  constructor(
    onEvent: (app: string, object: ObservedObject, event: ObjectEvent) => void,
    isPast: (object: ObservedObject) => boolean = () => false,
  ) {
    this.#onEvent = onEvent;
    this.#isPast = isPast;
  }

  /** All objects that name an app in their labels, whether they are its own or not. */
  *ofApp(app: { namespace: string; name: string }): Iterable<Tracked> {
    for (const key of this.#byApp.get(appKey(app)) ?? []) {
      const tracked = this.#objects.get(key);
      if (tracked) yield tracked;
    }
  }

  /** Objects of an app that had ended by themselves when they were last seen, and are gone. */
  endedOf(app: { namespace: string; name: string }): readonly ObservedObject[] {
    if (this.#ended.size === 0) return [];
    return [...this.#ended.values()].filter((object) => appKey(object.app) === appKey(app));
  }

  /** All objects. */
  all(): Iterable<Tracked> {
    return this.#objects.values();
  }

  /** Tells what time it is: what is verified from now on counts from there. */
  setTime(now: number): void {
    this.#time = now;
  }

  /** Raises a doubt about an object that shows none: it is to be looked at. Says whether there is anything to look at. */
  markUnverified(key: string): boolean {
    const tracked = this.#objects.get(key);
    if (tracked?.verification !== "none" || tracked.object.deleting) return false;
    tracked.verification = "unverified";
    return true;
  }

  /** What is known of an object. */
  get(key: string): ObservedObject | undefined {
    return this.#objects.get(key)?.object;
  }

  /** What is known of an object, if it is in just this state; not for kinds whose answer held the metadata alone. */
  unchanged(raw: RawObject, kind: GroupVersionKind): ObservedObject | undefined {
    if (needsStatus(kind)) return undefined;
    const { namespace = "", name, uid, resourceVersion } = raw.metadata;
    const known = this.get(objectKey({ ...kind, namespace, name }));
    const same = known?.uid === uid && known.resourceVersion === resourceVersion && known.id.version === kind.version;
    return same ? known : undefined;
  }

  /** How many objects are known. */
  get size(): number {
    return this.#objects.size;
  }

  /**
   * Takes an event of a watch in. `firstList` marks what was there when this process began to look; `newList`, what a later
   * list showed: that holds even where it is older than what is known, as after a restore of etcd.
   */
  seen(object: ObservedObject, firstList: boolean, newList = false): void {
    const tracked = this.#objects.get(object.key);
    if (tracked && tracked.object.uid === object.uid) {
      if (isNewer(object.resourceVersion, tracked.object.resourceVersion)) this.#changed(tracked, object);
      else if (object.resourceVersion === tracked.object.resourceVersion) this.#refreshHealth(tracked, object);
      else if (newList) this.#wentBack(object);
      return;
    }
    if (tracked && !newList && !isNewer(object.resourceVersion, tracked.object.resourceVersion)) return;
    // Another object under the name: made by us, or by somebody who may have copied our marks onto it.
    const own = firstList || this.#isOwn(object) || this.#noteUnexplained(object);
    this.#store(object, own ? "none" : "unverified");
    if (!firstList && !own) this.#notify(object, "drift");
  }

  /** Takes a DELETED event in: the object is gone, or does not carry our labels any more. */
  gone(key: string, uid: string): void {
    const tracked = this.#objects.get(key);
    if (!tracked || tracked.object.uid !== uid) return;
    this.#forget(key);
    if (tracked.object.finished) this.#noteEnd(key, tracked.object);
    this.#notify(tracked.object, "gone");
  }

  /** Says that a write to an object is about to be sent. Each call needs one `landed`. */
  writeStarted(key: string): void {
    const flight = this.#flights.get(key) ?? { count: 0, unexplained: [] };
    flight.count++;
    this.#flights.set(key, flight);
  }

  /**
   * Says how the write ended: with the object as it is now, or without an answer. `verified`: the write settles doubts. An answer
   * that comes after its object was deleted, as by the garbage collector, does not bring the object back.
   */
  writeFinished(key: string, object: ObservedObject | undefined, verified: boolean): void {
    const flight = this.#flights.get(key);
    if (flight && --flight.count <= 0) this.#flights.delete(key);
    if (object && this.#isPast(object)) this.gone(key, object.uid);
    else if (object) {
      this.#remember(key, object.resourceVersion);
      const tracked = this.#objects.get(key);
      const newer = !tracked || isNewer(object.resourceVersion, tracked.object.resourceVersion);
      if (newer) this.#store(object, verified ? "none" : (tracked?.verification ?? "none"), verified);
      else if (verified && tracked.object.resourceVersion === object.resourceVersion) this.#applied(tracked);
    }
    const doubtful = flight?.unexplained.filter((version) => version !== object?.resourceVersion) ?? [];
    const tracked = this.#objects.get(key);
    const after =
      object === undefined ? doubtful : doubtful.filter((version) => isNewer(version, object.resourceVersion));
    if (tracked && after.length > 0) {
      tracked.verification = "unverified";
      this.#notify(tracked.object, "drift");
    }
  }

  /** Records what a look at an object found, if the object is still the one that was looked at. */
  settle(key: string, resourceVersion: string, verification: Verification): void {
    const tracked = this.#objects.get(key);
    if (tracked?.object.resourceVersion !== resourceVersion) return;
    if (verification === "none") this.#prove(tracked);
    else tracked.verification = verification;
  }

  /** Raises a doubt about an object that a list should have held: its app looks at it. */
  verification(key: string): void {
    const tracked = this.#objects.get(key);
    if (!tracked) return;
    tracked.verification = "unverified";
    this.#notify(tracked.object, "drift");
  }

  /** Takes our own delete in without waiting for its event. */
  deleting(key: string): void {
    const tracked = this.#objects.get(key);
    if (tracked)
      tracked.object = {
        ...tracked.object,
        deleting: true,
        health: tracked.object.finished
          ? tracked.object.health
          : { status: "Progressing", message: "is being deleted" },
      };
  }

  /** An older state than the known one is to be looked at, whatever it shows. Versions are used again from there on. */
  #wentBack(object: ObservedObject): void {
    this.#ownWrites.delete(object.key);
    this.#store(object, "unverified");
    this.#notify(object, "drift");
  }

  #changed(tracked: Entry, object: ObservedObject): void {
    const previous = tracked.object;
    const explained = this.#isOwn(object) || isExplained(previous, object) || this.#noteUnexplained(object);
    this.#store(object, explained ? tracked.verification : "unverified");
    const broken = isAsApplied(previous) && !isAsApplied(object);
    if ((!explained || broken || !sameRequests(previous, object)) && !object.deleting) this.#notify(object, "drift");
    else if (!sameHealth(previous, object)) this.#notify(object, "health");
  }

  /** A full watch tells the health of a write whose answer held the metadata alone. */
  #refreshHealth(tracked: Entry, object: ObservedObject): void {
    const previous = tracked.object;
    tracked.object = object;
    if (!sameHealth(previous, object)) this.#notify(object, "health");
  }

  #prove(tracked: Entry): void {
    tracked.verification = "none";
    tracked.verifiedAt = this.#time;
  }

  /** The event of our own apply came before its answer. */
  #applied(tracked: Entry): void {
    this.#prove(tracked);
    tracked.untracked = tracked.object.entryHash === undefined;
  }

  #store(object: ObservedObject, verification: Verification, verified = false): void {
    const previous = this.#objects.get(object.key);
    if (previous && appKey(previous.object.app) !== appKey(object.app)) {
      // Somebody, or admission during our own write, has changed whose it is: it is gone from where it was.
      this.#forget(object.key);
      this.#notify(previous.object, "gone");
    }
    const same = previous?.object.uid === object.uid ? previous : undefined;
    const verifiedAt = verified ? this.#time : same?.verifiedAt;
    const untracked = verified ? object.entryHash === undefined : (same?.untracked ?? false);
    this.#objects.set(object.key, { object, verification, verifiedAt, untracked });
    if (this.#ended.size > 0) this.#ended.delete(object.key);
    const app = appKey(object.app);
    const keys = this.#byApp.get(app) ?? new Set();
    keys.add(object.key);
    this.#byApp.set(app, keys);
  }

  #noteEnd(key: string, object: ObservedObject): void {
    this.#ended.delete(key);
    this.#ended.set(key, object);
    if (this.#ended.size > MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value ?? "");
  }

  #forget(key: string): void {
    const tracked = this.#objects.get(key);
    if (!tracked) return;
    this.#objects.delete(key);
    if (!this.#flights.has(key)) this.#ownWrites.delete(key);
    const app = appKey(tracked.object.app);
    const keys = this.#byApp.get(app);
    keys?.delete(key);
    if (keys?.size === 0) this.#byApp.delete(app);
  }

  #isOwn(object: ObservedObject): boolean {
    return this.#ownWrites.get(object.key)?.includes(object.resourceVersion) ?? false;
  }

  /** While a write is on its way, an unexplained event may be its echo: judged when the answer is there. */
  #noteUnexplained(object: ObservedObject): boolean {
    const flight = this.#flights.get(object.key);
    flight?.unexplained.push(object.resourceVersion);
    return flight !== undefined;
  }

  #remember(key: string, resourceVersion: string): void {
    const versions = this.#ownWrites.get(key) ?? [];
    versions.push(resourceVersion);
    if (versions.length > OWN_WRITES) versions.shift();
    this.#ownWrites.set(key, versions);
  }

  #notify(object: ObservedObject, event: ObjectEvent): void {
    this.#onEvent(appKey(object.app), object, event);
  }
}
