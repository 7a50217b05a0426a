import type { VerifiedRevision } from "../../../api/git-repository.js";

/** How a commit was verified. The fields of the status, and the message of the condition. */
export interface VerifiedRecord extends Omit<VerifiedRevision, "ref"> {
  /** Name and id of the tag, in mode Tag: the same object may be pushed under another name. */
  readonly tag?: string;
  readonly message: string;
}
