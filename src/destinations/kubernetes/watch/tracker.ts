import type { ServerMemory } from "../../../kube/client/server-memory.js";
import { isNewer, type RawObject } from "../../../kube/object.js";
import { type GroupVersionKind, objectKey } from "../../../manifest/object-id.js";
import { appKey } from "../../../plan/live.js";
import { needsStatus } from "../health/rules.js";
import { EndedObjects } from "./ended-objects.js";
import { isAsApplied, isExplained, type ObservedObject } from "./observed-object.js";
import { sameHealth, sameRequests } from "./same-state.js";
import { TrackedObjects } from "./tracked-objects.js";

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
  /** The last resourceVersions of unexplained events since the write was sent. */
  readonly unexplained: string[];
}

/** Limit of remembered own resourceVersions per object. Events arrive in order, so few are needed. */
const OWN_WRITES = 4;

/** Limit of remembered unexplained events per write: the newest decide. */
const MAX_UNEXPLAINED = 16;

/**
 * Tracks all objects with ownership labels and classifies each event: own write, explained change, or unexplained change, which
 * must be verified. Sends no requests.
 */
export class Tracker {
  /** Last known monotonic time; accurate to about a minute. */
  #time = 0;
  readonly #onEvent: (app: string, object: ObservedObject, event: ObjectEvent) => void;
  readonly #isPast: (object: ObservedObject) => boolean;
  readonly #objects: TrackedObjects<Entry>;
  readonly #flights = new Map<string, Flight>();
  readonly #ended: EndedObjects;
  readonly #ownWrites = new Map<string, string[]>();

  /**
   * `isPast`: whether the watch of its kind has passed this state of an object, and the object no longer exists. `memory` counts the
   * objects.
   */
  constructor(
    onEvent: (app: string, object: ObservedObject, event: ObjectEvent) => void,
    isPast: (object: ObservedObject) => boolean = () => false,
    memory?: ServerMemory,
  ) {
    this.#onEvent = onEvent;
    this.#isPast = isPast;
    this.#objects = new TrackedObjects(memory);
    this.#ended = new EndedObjects(memory);
  }

  /** Returns all objects with the labels of an app, whether it owns them or not. */
  ofApp(app: { namespace: string; name: string }): Iterable<Tracked> {
    return this.#objects.ofApp(app);
  }

  /** Returns the finished objects of an app that are gone. */
  endedOf(app: { namespace: string; name: string }): readonly ObservedObject[] {
    return this.#ended.ofApp(app);
  }

  /** Returns all objects. */
  all(): Iterable<Tracked> {
    return this.#objects.all();
  }

  /** Forgets all objects, without events. */
  clear(): void {
    this.#objects.clear();
    this.#ended.clear();
    this.#ownWrites.clear();
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
    if (tracked.object.finished) this.#ended.add(tracked.object);
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
    if (!tracked) return;
    const { health, finished } = tracked.object;
    const ending: ObservedObject["health"] = { status: "Progressing", message: "is being deleted" };
    this.#objects.set({
      ...tracked,
      object: { ...tracked.object, deleting: true, health: finished ? health : ending },
    });
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
    this.#objects.set({ ...tracked, object });
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
    this.#objects.set({ object, verification, verifiedAt, untracked });
    this.#ended.delete(object.key);
  }

  #forget(key: string): void {
    if (this.#objects.delete(key) && !this.#flights.has(key)) this.#ownWrites.delete(key);
  }

  #isOwn(object: ObservedObject): boolean {
    return this.#ownWrites.get(object.key)?.includes(object.resourceVersion) ?? false;
  }

  /** Records an unexplained event during a write. It may be caused by that write, so it is judged with the response. */
  #noteUnexplained(object: ObservedObject): boolean {
    const flight = this.#flights.get(object.key);
    flight?.unexplained.push(object.resourceVersion);
    if (flight && flight.unexplained.length > MAX_UNEXPLAINED) flight.unexplained.shift();
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
