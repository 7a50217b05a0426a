/** A pack file of a store. */
export interface PackRecord {
  /** `pack-<hash>`, without a suffix. */
  readonly name: string;
  readonly bytes: number;
}

/** A completely verified commit. */
export interface CommitRecord {
  /** Full name of the ref it was fetched for. */
  readonly ref?: string;
  /** When it was verified, in milliseconds since the epoch. */
  readonly time: number;
}
