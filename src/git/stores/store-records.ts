/** A pack file of a store. */
export interface PackRecord {
  /** `pack-<hash>`, without an ending. */
  readonly name: string;
  readonly bytes: number;
}

/** A commit that was verified whole. */
export interface CommitRecord {
  /** Full name of the ref that it was fetched for. */
  readonly ref?: string;
  /** When it was verified, in milliseconds since the epoch. */
  readonly time: number;
}
