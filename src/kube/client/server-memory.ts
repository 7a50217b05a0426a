import { type KubeConnectionError, ResponseTooLargeError } from "../errors.js";

const MIB = 1024 * 1024;
/** Maximum bytes of incomplete responses and events of one server. */
const MAX_RECEIVING_BYTES = 64 * MIB;
/** Growth after which the limits are checked. */
const STEP_BYTES = MIB;

/** A part of what is kept, by which an excess is explained. */
export interface MemoryPart {
  /** Path of the collection. */
  readonly path: string;
  readonly bytes: number;
}

/** Counts, in estimated bytes, what is kept of the responses of one untrusted server. */
export class ServerMemory {
  /** The parts that have a name. */
  readonly parts = new Set<MemoryPart>();
  readonly #onGrowth: () => void;
  #kept = 0;
  #receiving = 0;
  /** What was in use at the last check. */
  #checked = 0;
  #refusal: KubeConnectionError | undefined;

  /** `onGrowth` is called every now and then while more is kept or received. It may call `refuse`. */
  constructor(onGrowth: () => void = () => {}) {
    this.#onGrowth = onGrowth;
  }

  /** Bytes of objects that are kept. */
  get kept(): number {
    return this.#kept;
  }

  /** Bytes that are kept or being received. */
  get total(): number {
    return this.#kept + this.#receiving;
  }

  /** Counts bytes that are kept; negative ones are freed. Throws the error of `refuse`. */
  keep(bytes: number): void {
    if (bytes > 0) this.#throwRefusal();
    this.#kept += bytes;
    this.#check();
  }

  /** Counts bytes of an incomplete response or event; negative ones are freed. Throws ResponseTooLargeError and the error of `refuse`. */
  receive(bytes: number): void {
    if (bytes > 0) this.#throwRefusal();
    if (bytes > 0 && this.#receiving + bytes > MAX_RECEIVING_BYTES) {
      const message = `incomplete responses of the API server exceed ${MAX_RECEIVING_BYTES / MIB} MiB`;
      throw new ResponseTooLargeError(message, undefined);
    }
    this.#receiving += bytes;
    this.#check();
  }

  /** Refuses everything further with this error. */
  refuse(error: KubeConnectionError): void {
    this.#refusal = error;
  }

  /** The largest part with a name. */
  largest(): MemoryPart | undefined {
    let largest: MemoryPart | undefined;
    for (const part of this.parts) if (part.bytes > (largest?.bytes ?? 0)) largest = part;
    return largest;
  }

  #check(): void {
    this.#checked = Math.min(this.#checked, this.total);
    if (this.total - this.#checked < STEP_BYTES) return;
    this.#checked = this.total;
    this.#onGrowth();
    this.#throwRefusal();
  }

  #throwRefusal(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }
}
