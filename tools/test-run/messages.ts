/** Messages of a test process to its parent. */
export type ChildMessage =
  | { readonly kind: "began"; readonly title: string }
  | { readonly kind: "ended"; readonly result: TestResult }
  | { readonly kind: "done" }
  | { readonly kind: "handles"; readonly why: "asked" | "still-open"; readonly handles: readonly string[] };

/** Request of the parent for the open handles of a child. */
export type ParentMessage = { readonly ask: "handles" };

/** Result of a test or a failed hook. */
export interface TestResult {
  /** Source file, relative to the repository. */
  readonly file: string;
  /** Full title, including the suites. */
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly ms: number;
  /** Error with stack and diff. */
  readonly error?: string;
}

/** Numbers of results. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts results by state. */
export function count(results: readonly TestResult[]): Counts {
  const of = (state: TestResult["state"]) => results.filter((result) => result.state === state).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

/** Formats `3 passed, 0 failed, 1 skipped`, the machine-readable last line of a run. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
