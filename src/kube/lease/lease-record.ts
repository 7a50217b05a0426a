import type { LiveMetadata, RawObject } from "../object.js";

/** Holder of a lease, compatible with client-go's `LeaderElectionRecord`. */
export interface LeaseHolding {
  /** Empty if there is none. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** Time of acquisition: for display, and to distinguish two acquisitions by the same holder. */
  readonly acquireTime: string;
  /** Time of the last renewal, for display only: clocks differ. */
  readonly renewTime: string;
  /** Number of changes of the holder. */
  readonly transitions: number;
}

/** A lease as read from the API server. Any client may have edited it. */
export interface LeaseRecord extends LeaseHolding {
  readonly object: RawObject;
}

/** Duration of a released lease. The API server does not allow zero. */
const RELEASED_SECONDS = 1;

/** Reads a Lease; missing fields and fields of the wrong type are treated as empty. */
export function readLease(object: RawObject): LeaseRecord {
  const spec = (object.spec ?? {}) as Readonly<Record<string, unknown>>;
  return {
    object,
    holder: textOf(spec.holderIdentity),
    durationSeconds: numberOf(spec.leaseDurationSeconds),
    acquireTime: textOf(spec.acquireTime),
    renewTime: textOf(spec.renewTime),
    transitions: numberOf(spec.leaseTransitions),
  };
}

/** Labels and annotations of a lease. An empty annotation removes one. */
export interface LeaseMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Builds the Lease to write. Other labels and unknown `spec` fields of `existing` are preserved. */
export function leaseObject(
  {
    namespace,
    name,
    metadata: added,
  }: { readonly namespace: string; readonly name: string; readonly metadata?: LeaseMetadata | undefined },
  holding: LeaseHolding,
  existing?: RawObject,
): object {
  const metadata = existing?.metadata ?? { namespace, name };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: added === undefined ? metadata : withMetadata(metadata, added),
    spec: {
      ...(existing?.spec as object | undefined),
      holderIdentity: holding.holder,
      leaseDurationSeconds: holding.durationSeconds,
      acquireTime: holding.acquireTime,
      renewTime: holding.renewTime,
      leaseTransitions: holding.transitions,
    },
  };
}

function withMetadata(metadata: Partial<LiveMetadata>, added: LeaseMetadata): object {
  const labels = { ...metadata.labels, ...added.labels };
  const annotations = Object.entries({ ...metadata.annotations, ...added.annotations });
  return { ...metadata, labels, annotations: Object.fromEntries(annotations.filter(([, value]) => value !== "")) };
}

/** Returns the released state of a lease, as client-go writes it. */
export function released(holding: LeaseHolding, now: string): LeaseHolding {
  return { ...holding, holder: "", durationSeconds: RELEASED_SECONDS, acquireTime: now, renewTime: now };
}

/** Returns whether the holder released the lease. If only its name was removed manually, the holder may not know yet. */
export function isReleased({ holder, durationSeconds }: LeaseHolding): boolean {
  return holder === "" && durationSeconds === RELEASED_SECONDS;
}

/**
 * Returns a lease that no process holds and that is not free: others must observe it for its whole duration, so that a holder whose
 * lease was deleted can write it again.
 */
export function unheldLease(holding: LeaseHolding): LeaseHolding {
  return { ...holding, holder: "" };
}

/** Returns whether a lease has no holder and never had one. */
export function isNeverHeld({ holder, transitions }: LeaseHolding): boolean {
  return holder === "" && transitions === 0;
}

/** Returns whether both have the same holder and acquisition. */
export function isSameHolding(a: LeaseHolding, b: LeaseHolding): boolean {
  return a.holder === b.holder && a.acquireTime === b.acquireTime;
}

/** Returns whether the lease is unchanged. */
export function isUnchanged(a: LeaseHolding, b: LeaseHolding): boolean {
  return (
    isSameHolding(a, b) &&
    a.renewTime === b.renewTime &&
    a.durationSeconds === b.durationSeconds &&
    a.transitions === b.transitions
  );
}

/** Formats a time as `metav1.MicroTime`. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
