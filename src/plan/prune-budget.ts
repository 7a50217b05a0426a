/** Default budget of deletions in one Change: the larger of the two. */
const DEFAULT_BUDGET = { objects: 3, share: 0.25 };

/** Returns how many of `total` objects one Change may delete without approval. */
export function pruneBudget(budget: number | string | undefined, total: number): number {
  if (budget === undefined) return Math.max(DEFAULT_BUDGET.objects, Math.floor(total * DEFAULT_BUDGET.share));
  const text = String(budget);
  const value = Number.parseInt(text, 10);
  return text.endsWith("%") ? Math.floor((total * value) / 100) : value;
}
