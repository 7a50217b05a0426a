/** What a child that runs test files tells the process that started it, over the channel between them. */
export type ChildMessage =
  | { readonly kind: "began"; readonly title: string }
  | { readonly kind: "ended"; readonly result: TestResult }
  | { readonly kind: "done" }
  | { readonly kind: "handles"; readonly why: "asked" | "still-open"; readonly handles: readonly string[] };

/** What the parent asks of a child: what keeps it alive. */
export type ParentMessage = { readonly ask: "handles" };

/** How one test, or a hook that failed, went. */
export interface TestResult {
  /** Relative to the repository, as its source is called. */
  readonly file: string;
  /** With the titles of the suites around it. */
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly ms: number;
  /** Why it failed, with the stack and the difference. */
  readonly error?: string;
}

/** Results in numbers. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts results by their state. */
export function count(results: readonly TestResult[]): Counts {
  const of = (state: TestResult["state"]) => results.filter((result) => result.state === state).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

/** `3 passed, 0 failed, 1 skipped`: the last line of a run, which programs read. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
