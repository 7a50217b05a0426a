import { isSettled } from "../api/overseer-app.js";
import type { Document } from "../manifest/document.js";
import { displayId, type ObjectKey } from "../manifest/object-id.js";
import { effectiveWaves, waveOf } from "../manifest/wave.js";
import type { ObjectHealth } from "./live.js";

/** The waves of a set of documents, by object key; empty if all are in wave 0. */
export type Waves = ReadonlyMap<ObjectKey, number>;

/** Returns the waves of documents. */
export function wavesOf(documents: readonly Document[]): Waves {
  return effectiveWaves(documents.map(({ id, key, object }) => ({ id, key, wave: waveOf(object.metadata) })));
}

/** The first wave that is not complete. Later waves wait for it. */
export interface Barrier {
  readonly wave: number;
  /** Whether an object of the wave is still to be written. */
  readonly unwritten: boolean;
  /** Objects of the wave that are written and not healthy, as `Deployment shop/db: 0 of 1 replicas are available`. */
  readonly unhealthy: readonly string[];
  /** The first failure that waiting cannot fix, if any. */
  readonly final: string | undefined;
}

/** What is known of an object. */
export interface WaveFacts {
  /** Whether its document is still to be written. */
  readonly unwritten: (key: ObjectKey) => boolean;
  /** Its current health. Must be up to date: computed from a state that the destination reported after the last write. */
  readonly health: (document: Document) => ObjectHealth;
  /** The first wave with a hook that has not succeeded yet, if any. */
  readonly hookWave?: number | undefined;
}

/** Returns the first wave with an object that is not written or not healthy, or with a hook; undefined if there is none. */
export function barrierOf(documents: readonly Document[], waves: Waves, facts: WaveFacts): Barrier | undefined {
  const { hookWave = Number.POSITIVE_INFINITY } = facts;
  let barrier: Barrier = { wave: hookWave, unwritten: false, unhealthy: [], final: undefined };
  for (const document of documents) {
    const wave = waves.get(document.key) ?? 0;
    if (wave > barrier.wave) continue;
    const health = facts.unwritten(document.key) ? undefined : facts.health(document);
    if (isSettled(health?.status)) continue;
    const before = wave < barrier.wave ? { wave, unwritten: false, unhealthy: [], final: undefined } : barrier;
    barrier = health === undefined ? { ...before, unwritten: true } : withUnhealthy(before, document, health);
  }
  return barrier.wave === Number.POSITIVE_INFINITY ? undefined : barrier;
}

function withUnhealthy(barrier: Barrier, { id }: Document, health: ObjectHealth): Barrier {
  const text = `${displayId(id)}: ${health.message ?? health.status}`;
  const final = barrier.final ?? (health.final ? text : undefined);
  return { ...barrier, unhealthy: [...barrier.unhealthy, text], final };
}

/** Maximum number of objects named in a message. */
const MAX_NAMED = 3;

/** Describes the unhealthy objects of a wave. */
export function describeUnhealthy({ unhealthy }: Pick<Barrier, "unhealthy">): string {
  const more = unhealthy.length > MAX_NAMED ? `; and ${unhealthy.length - MAX_NAMED} more` : "";
  return `${unhealthy.slice(0, MAX_NAMED).join("; ")}${more}`;
}
