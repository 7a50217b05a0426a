import type { Problem } from "../../../src/api/problem.js";

/** An error of the API, or of the way to it. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Partial<Problem>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Returns the error of a response that is not a success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) return new ApiError(response.status, { title: response.statusText });
  return new ApiError(response.status, (await response.json().catch(() => ({}))) as Partial<Problem>);
}

/** The error of a request that got no response. */
export function unreachable(): ApiError {
  return new ApiError(0, {
    title: "The server cannot be reached",
    detail: "the server did not respond: check the connection",
  });
}
