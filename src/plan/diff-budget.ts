import type { FieldChange } from "../api/change.js";
import { OMITTED, SHORTENED } from "./plan.js";

/** Characters of all diffs of a plan that are kept as they are: more than a user can be shown, see describePlan. */
const MAX_CHARACTERS = 16 * 2 ** 20;
/** Limits of each diff if that is too little for all of them, and then if it still is. */
const LEVELS = [
  { fields: 100, value: 512 },
  { fields: 10, value: 0 },
] as const;

type Limits = (typeof LEVELS)[number];

/**
 * Bounds the memory that the diffs of one plan take. While all of them fit, nothing is cut; otherwise each is cut to the same limits, so
 * that the result does not depend on the order in which objects are compared.
 */
export class DiffBudget {
  readonly #max: number;
  /** Characters of the diffs as they are, and as each of the levels would cut them. */
  readonly #sums: number[] = [0, ...LEVELS.map(() => 0)];

  constructor(max: number = MAX_CHARACTERS) {
    this.#max = max;
  }

  /** Counts a diff, and returns it, cut if the budget is used up already. */
  add(diff: readonly FieldChange[]): readonly FieldChange[] {
    for (const [at, limits] of [undefined, ...LEVELS].entries())
      this.#sums[at] = (this.#sums[at] ?? 0) + sizeOf(diff, limits);
    return this.cut(diff);
  }

  /** Returns a diff as the budget permits it. To be called for each diff once all of them are counted. */
  cut(diff: readonly FieldChange[]): readonly FieldChange[] {
    const fits = this.#sums.findIndex((sum) => sum <= this.#max);
    if (fits === 0) return diff;
    return cutDiff(diff, LEVELS[fits - 1] ?? LEVELS[LEVELS.length - 1] ?? LEVELS[0]);
  }
}

function sizeOf(diff: readonly FieldChange[], limits?: Limits): number {
  const length = (value = ""): number => Math.min(value.length, limits?.value ?? Number.POSITIVE_INFINITY);
  return diff
    .slice(0, limits?.fields)
    .reduce((sum, { path, from, to }) => sum + path.length + length(from) + length(to), 0);
}

/** Cutting a diff that was cut before gives what cutting the whole one does. */
function cutDiff(diff: readonly FieldChange[], { fields, value }: Limits): readonly FieldChange[] {
  const rest = OMITTED.exec(diff.at(-1)?.path ?? "");
  const known = rest === null ? diff : diff.slice(0, -1);
  const shown = known.slice(0, fields).map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from: cutValue(from, value) }),
    ...(to === undefined ? {} : { to: cutValue(to, value) }),
  }));
  const more = known.length - shown.length + Number(rest?.[1] ?? 0);
  return more === 0 ? shown : [...shown, { path: `and ${more} more` }];
}

function cutValue(text: string, max: number): string {
  const cut = SHORTENED.exec(text);
  const shown = cut === null ? text : text.slice(0, cut.index);
  if (shown.length <= max) return text;
  const start = shown.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
  // A slice would keep the whole text in memory.
  return `${Buffer.from(start).toString()}… (${cut?.[1] ?? text.length} characters)`;
}
