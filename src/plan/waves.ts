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
}

/** Returns the first wave with an object that is not written or not healthy; undefined if there is none. */
export function barrierOf(documents: readonly Document[], waves: Waves, facts: WaveFacts): Barrier | undefined {
  let wave = Number.POSITIVE_INFINITY;
  let unwritten = false;
  let final: string | undefined;
  let unhealthy: string[] = [];
  for (const document of documents) {
    const own = waves.get(document.key) ?? 0;
    if (own > wave) continue;
    const missing = facts.unwritten(document.key);
    const health = missing ? undefined : facts.health(document);
    if (health?.status === "Healthy") continue;
    if (own < wave) {
      wave = own;
      unwritten = false;
      final = undefined;
      unhealthy = [];
    }
    if (health === undefined) unwritten = true;
    else {
      const text = `${displayId(document.id)}: ${health.message ?? health.status}`;
      unhealthy.push(text);
      if (health.final) final ??= text;
    }
  }
  return wave === Number.POSITIVE_INFINITY ? undefined : { wave, unwritten, unhealthy, final };
}

/** Maximum number of objects named in a message. */
const MAX_NAMED = 3;

/** Describes the unhealthy objects of a wave. */
export function describeUnhealthy({ unhealthy }: Pick<Barrier, "unhealthy">): string {
  const more = unhealthy.length > MAX_NAMED ? `; and ${unhealthy.length - MAX_NAMED} more` : "";
  return `${unhealthy.slice(0, MAX_NAMED).join("; ")}${more}`;
}
