import type { Review } from "./git-host.js";

/**
 * Reduces reviews in the order of their submission to one of each user: the last decision, or else the last remark. A remark does not
 * withdraw a decision.
 */
export function lastReviews(reviews: readonly Review[]): readonly Review[] {
  const last = new Map<string, Review>();
  for (const review of reviews) {
    const before = last.get(review.user.id);
    if (review.state === "Commented" && before !== undefined && before.state !== "Commented") continue;
    last.set(review.user.id, review);
  }
  return [...last.values()];
}

/**
 * Adds to each approval and objection whether its user may write. `canWrite` is called once for each of these users; anyone may leave remarks
 * on a public repository, which count for nothing.
 */
export async function withWriteAccess(
  reviews: readonly Review[],
  canWrite: (user: Review["user"]) => Promise<boolean | undefined>,
): Promise<readonly Review[]> {
  const result: Review[] = [];
  for (const review of reviews) {
    const isDecision = review.state === "Approved" || review.state === "ChangesRequested";
    const access = isDecision ? await canWrite(review.user) : undefined;
    result.push(access === undefined ? review : { ...review, canWrite: access });
  }
  return result;
}
