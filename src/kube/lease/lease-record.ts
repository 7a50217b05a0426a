import type { LiveMetadata, RawObject } from "../object.js";

/** Who holds a lease, as client-go writes and reads it (`LeaderElectionRecord`). */
export interface LeaseHolding {
  /** Empty: nobody. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** When the holder took it: for people, and to tell one holding of it from another. */
  readonly acquireTime: string;
  /** When it was last renewed: for people. Nothing is decided by it, since clocks differ. */
  readonly renewTime: string;
  /** How often it went from one holder to another. */
  readonly transitions: number;
}

/** A lease as it was read. Anybody may have edited it. */
export interface LeaseRecord extends LeaseHolding {
  readonly object: RawObject;
}

/** Duration of a lease that was given up by its holder. The API server allows no zero. */
const RELEASED_SECONDS = 1;

/** Reads a Lease; what is missing or of another type in it says nothing. */
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

/** Labels and annotations that a lease is to carry. */
export interface LeaseMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The Lease to write; all in `over` that is not ours stays: other labels, and fields of `spec` that we do not know. */
export function leaseObject(
  {
    namespace,
    name,
    metadata: marks,
  }: { readonly namespace: string; readonly name: string; readonly metadata?: LeaseMetadata | undefined },
  holding: LeaseHolding,
  over?: RawObject,
): object {
  const metadata = over?.metadata ?? { namespace, name };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: marks === undefined ? metadata : withMetadata(metadata, marks),
    spec: {
      ...(over?.spec as object | undefined),
      holderIdentity: holding.holder,
      leaseDurationSeconds: holding.durationSeconds,
      acquireTime: holding.acquireTime,
      renewTime: holding.renewTime,
      leaseTransitions: holding.transitions,
    },
  };
}

function withMetadata(metadata: Partial<LiveMetadata>, marks: LeaseMetadata): object {
  const labels = { ...metadata.labels, ...marks.labels };
  return { ...metadata, labels, annotations: { ...metadata.annotations, ...marks.annotations } };
}

/** What the holder writes when it gives the lease up: as client-go does. */
export function released(holding: LeaseHolding, now: string): LeaseHolding {
  return { ...holding, holder: "", durationSeconds: RELEASED_SECONDS, acquireTime: now, renewTime: now };
}

/** Whether the last holder gave it up itself. When only the name was taken out, by hand, the holder may not know yet. */
export function isReleased({ holder, durationSeconds }: LeaseHolding): boolean {
  return holder === "" && durationSeconds === RELEASED_SECONDS;
}

/** Whether both say the same of who holds it and since when. */
export function isSameHolding(a: LeaseHolding, b: LeaseHolding): boolean {
  return a.holder === b.holder && a.acquireTime === b.acquireTime;
}

/** Whether nobody has touched what the lease says. */
export function isUnchanged(a: LeaseHolding, b: LeaseHolding): boolean {
  return (
    isSameHolding(a, b) &&
    a.renewTime === b.renewTime &&
    a.durationSeconds === b.durationSeconds &&
    a.transitions === b.transitions
  );
}

/** A time as `metav1.MicroTime` has it. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}
