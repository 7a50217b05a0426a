import type { SeededRandom } from "../../soak/random.js";

/** A text that stands for a secret value in samples: it must occur in no error. */
export const CANARY = "canary-4f1d9c";

/** One reader of data that others control. */
export interface HostileReader {
  readonly name: string;
  /** Valid inputs, which are mutated. Values other than texts and bytes are mutated as JSON. */
  readonly samples: readonly unknown[];
  /** Texts that this reader treats in a special way. */
  readonly words?: readonly string[];
  /** Part of all inputs; defaults to 1. Lower for readers that need a server or a process. */
  readonly weight?: number;
  /** Whether the samples hold `CANARY` as a secret value. */
  readonly secret?: boolean;
  /** Reads an input. Rejects with an error of the product for bad input; any other error is a fault. */
  read(input: never, random: SeededRandom): unknown;
}

/** Readers, and how to stop what they started. */
export interface ReaderGroup {
  readonly readers: readonly HostileReader[];
  stop?(): Promise<void>;
}
