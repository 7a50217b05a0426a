import { isNewer, type RawObject } from "../../../kube/object.js";
import { type GroupVersionKind, objectKey } from "../../../manifest/object-id.js";
import { appKey } from "../../../plan/live.js";
import { needsStatus } from "../health/rules.js";
import { isAsApplied, isExplained, type ObservedObject } from "./observed-object.js";
import { sameHealth, sameRequests } from "./same-state.js";

/** A change of an object that its app must know about. */
export type ObjectEvent = "drift" | "health" | "gone";

/**
 * Verification state of an object: `unverified` after an unexplained event, until it is verified; `drifted` if verifying it found
 * a difference that managedFields do not show.
 */
export type Verification = "none" | "unverified" | "drifted";

/** An object and its verification state. */
export interface Tracked {
  readonly object: ObservedObject;
  readonly verification: Verification;
  /** Monotonic time of the last response that proved the object to be as desired; undefined if there is none. */
  readonly verifiedAt: number | undefined;
  /** Whether the API server kept no managedFields entry of the last apply, so that a missing entry is not drift. */
  readonly untracked: boolean;
}

type Entry = { -readonly [Field in keyof Tracked]: Tracked[Field] };

/** A write in flight: its event may arrive before its response. */
interface Flight {
  count: number;
  /** resourceVersions of unexplained events since the write was sent. */
  readonly unexplained: string[];
}

/** Limit of remembered own resourceVersions per object. Events arrive in order, so few are needed. */
const OWN_WRITES = 4;

/** Limit of finished objects that are remembered until their apps have processed them. */
const MAX_ENDED = 2_000;

/**
 * Tracks all objects with ownership labels and classifies each event: own write, explained change, or unexplained change, which
 * must be verified. Sends no requests.
 */
export class Tracker {
  /** Last known monotonic time; accurate to about a minute. */
  #time = 0;
  readonly #onEvent: (app: string, object: ObservedObject, event: ObjectEvent) => void;
  readonly #isPast: (object: ObservedObject) => boolean;
  readonly #objects = new Map<string, Entry>();
  readonly #byApp = new Map<string, Set<string>>();
  readonly #flights = new Map<string, Flight>();
  /** Finished objects that are gone, by key, oldest first. */
  readonly #ended = new Map<string, ObservedObject>();
  readonly #ownWrites = new Map<string, string[]>();

  /** `isPast`: whether the watch of its kind has passed this state of an object, and the object no longer exists. */
  constructor(
    onEvent: (app: string, object: ObservedObject, event: ObjectEvent) => void,
    isPast: (object: ObservedObject) => boolean = () => false,
  ) {
    this.#onEvent = onEvent;
    this.#isPast = isPast;
  }

  /** Returns all objects with the labels of an app, whether it owns them or not. */
  *ofApp(app: { namespace: string; name: string }): Iterable<Tracked> {
    for (const key of this.#byApp.get(appKey(app)) ?? []) {
      const tracked = this.#objects.get(key);
      if (tracked) yield tracked;
    }
  }

  /** Returns the finished objects of an app that are gone. */
  endedOf(app: { namespace: string; name: string }): readonly ObservedObject[] {
    if (this.#ended.size === 0) return [];
    return [...this.#ended.values()].filter((object) => appKey(object.app) === appKey(app));
  }

  /** Returns all objects. */
  all(): Iterable<Tracked> {
    return this.#objects.values();
  }

  /** Sets the time for following verifications. */
  setTime(now: number): void {
    this.#time = now;
  }

  /** Marks an object for verification. Returns false if it is unknown, already marked or being deleted. */
  markUnverified(key: string): boolean {
    const tracked = this.#objects.get(key);
    if (tracked?.verification !== "none" || tracked.object.deleting) return false;
    tracked.verification = "unverified";
    return true;
  }

  /** Returns the known state of an object. */
  get(key: string): ObservedObject | undefined {
    return this.#objects.get(key)?.object;
  }

  /** Returns the known state of an object if its version is unchanged. Only for kinds that need no status. */
  unchanged(raw: RawObject, kind: GroupVersionKind): ObservedObject | undefined {
    if (needsStatus(kind)) return undefined;
    const { namespace = "", name, uid, resourceVersion } = raw.metadata;
    const known = this.get(objectKey({ ...kind, namespace, name }));
    const same = known?.uid === uid && known.resourceVersion === resourceVersion && known.id.version === kind.version;
    return same ? known : undefined;
  }

  /** Number of known objects. */
  get size(): number {
    return this.#objects.size;
  }

  /**
   * Processes a watch event. `firstList`: the object was in the first list of this process. `newList`: it was in a later list,
   * which counts even if it is older than the known state, as after a restore of etcd.
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
    // A different object with the same name: created by the app, or by a client that may have copied the ownership metadata.
    const own = firstList || this.#isOwn(object) || this.#noteUnexplained(object);
    this.#store(object, own ? "none" : "unverified");
    if (!firstList && !own) this.#notify(object, "drift");
  }

  /** Processes a DELETED event: the object is gone, or no longer has the ownership labels. */
  gone(key: string, uid: string): void {
    const tracked = this.#objects.get(key);
    if (!tracked || tracked.object.uid !== uid) return;
    this.#forget(key);
    if (tracked.object.finished) this.#noteEnd(key, tracked.object);
    this.#notify(tracked.object, "gone");
  }

  /** Registers a write that is about to be sent. Each call requires a call of `writeFinished`. */
  writeStarted(key: string): void {
    const flight = this.#flights.get(key) ?? { count: 0, unexplained: [] };
    flight.count++;
    this.#flights.set(key, flight);
  }

  /**
   * Processes the result of a write: the object, or undefined without a response. `verified`: whether the write proves the object
   * to be as desired. A response that arrives after the object was deleted, as by the garbage collector, does not restore it.
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
    const unexplained = flight?.unexplained.filter((version) => version !== object?.resourceVersion) ?? [];
    const tracked = this.#objects.get(key);
    const after =
      object === undefined ? unexplained : unexplained.filter((version) => isNewer(version, object.resourceVersion));
    if (tracked && after.length > 0) {
      tracked.verification = "unverified";
      this.#notify(tracked.object, "drift");
    }
  }

  /** Records the result of verifying an object, unless it has changed since. */
  settle(key: string, resourceVersion: string, verification: Verification): void {
    const tracked = this.#objects.get(key);
    if (tracked?.object.resourceVersion !== resourceVersion) return;
    if (verification === "none") this.#markVerified(tracked);
    else tracked.verification = verification;
  }

  /** Marks an object that is missing in a list for verification and notifies its app. */
  verification(key: string): void {
    const tracked = this.#objects.get(key);
    if (!tracked) return;
    tracked.verification = "unverified";
    this.#notify(tracked.object, "drift");
  }

  /** Records the app's own delete without waiting for its event. */
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

  /** Handles a state older than the known one, which must be verified: resourceVersions after it are reused. */
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

  /** Updates the health after a write whose response contained only the metadata. */
  #refreshHealth(tracked: Entry, object: ObservedObject): void {
    const previous = tracked.object;
    tracked.object = object;
    if (!sameHealth(previous, object)) this.#notify(object, "health");
  }

  #markVerified(tracked: Entry): void {
    tracked.verification = "none";
    tracked.verifiedAt = this.#time;
  }

  /** Handles an apply whose event arrived before its response. */
  #applied(tracked: Entry): void {
    this.#markVerified(tracked);
    tracked.untracked = tracked.object.entryHash === undefined;
  }

  #store(object: ObservedObject, verification: Verification, verified = false): void {
    const previous = this.#objects.get(object.key);
    if (previous && appKey(previous.object.app) !== appKey(object.app)) {
      // Another client, or admission during the write, changed the owning app: the object is gone for the previous one.
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

  /** Records an unexplained event during a write. It may be caused by that write, so it is judged with the response. */
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
