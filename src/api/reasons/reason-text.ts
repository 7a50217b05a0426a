/** Explains a machine-readable reason to users. */
export interface ReasonText {
  /** What the reason says, in one or more sentences. Begins with `Event:` if only Events have it. */
  readonly meaning: string;
  /** What a user can do. Unset if nothing has to be done. */
  readonly remedy?: string;
}
