import { keepPreviousData, QueryClient, QueryObserver } from "@tanstack/query-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";
import { call } from "./http.js";
import { ApiError } from "./problem.js";

/** Data younger than this is not loaded again when a page is opened; events make it old earlier. */
const FRESH_MS = 5_000;
const MOST_RETRIES = 2;

/** Cache of the responses of the API, by path. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      networkMode: "always",
      refetchOnWindowFocus: true,
      retry: (count, error) => error instanceof ApiError && error.retryable && count < MOST_RETRIES,
    },
  },
});

/** A response of the API, as far as it is known. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  /** Whether there is nothing to show yet. */
  readonly pending: boolean;
  /** Whether `data` belongs to the path before, while this one loads. */
  readonly old: boolean;
  readonly retry: () => void;
}

/**
 * Loads a path of the API, and again when an event makes it old. `undefined` loads nothing. With `keep`, the data of the
 * path before is shown meanwhile. `everyMs`: loads again while the page is in the foreground, for what has no events. `unusedMs`: for
 * how long the response is kept when nothing shows it, 5 minutes by default.
 */
export function useApi<T>(
  path: string | undefined,
  {
    keep = false,
    everyMs,
    unusedMs,
  }: { readonly keep?: boolean; readonly everyMs?: number; readonly unusedMs?: number } = {},
): Loaded<T> {
  const options = client.defaultQueryOptions<T, ApiError>({
    queryKey: [path],
    queryFn: ({ signal }) => call<T>(path ?? "", { signal }),
    enabled: path !== undefined,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
    ...(unusedMs === undefined ? {} : { gcTime: unusedMs }),
    ...(keep ? { placeholderData: keepPreviousData as never } : {}),
  });
  options._optimisticResults = "optimistic";
  const [observer] = useState(() => new QueryObserver<T, ApiError>(client, options));
  const [, update] = useReducer<number, void>((count) => count + 1, 0);
  const result = observer.getOptimisticResult(options);
  useLayoutEffect(() => observer.subscribe(() => update()), [observer]);
  useLayoutEffect(() => observer.setOptions(options), [observer, path]);
  return {
    data: result.data,
    error: result.error ?? undefined,
    pending: result.data === undefined && result.error === null,
    old: result.isPlaceholderData,
    retry: () => void observer.refetch(),
  };
}

/** Makes all responses old whose path matches; those that are shown are loaded again. */
export function makeOld(matches: (path: string) => boolean): void {
  void client.invalidateQueries({
    predicate: ({ queryKey: [path] }) => typeof path === "string" && matches(path),
  });
}
