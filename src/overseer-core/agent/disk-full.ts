import { messageOf } from "../../base/errors.js";

/** Whether a write failed because the disk, or the quota of the user, is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Explains such an error. `next`: what to do when there is space again, as in `deploy again`. */
export function diskFullText(error: unknown, next: string): string {
  return `the disk of the node is full: free space, then ${next} (${messageOf(error)})`;
}
