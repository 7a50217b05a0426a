import { useLocation } from "preact-iso";

/** Query parameters of the URL, and a function that changes some of them; an empty value removes one. */
export interface Search {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** `push` adds an entry to the history, so that Back returns to the values before. */
  set(changes: Readonly<Record<string, string | undefined>>, options?: { readonly push?: boolean }): void;
}

/** Returns the query parameters of the page. */
export function useSearch(): Search {
  const { path, query, route } = useLocation();
  return {
    values: query,
    set: (changes, { push = false } = {}) => {
      const next = withParameters(new URLSearchParams(location.search), changes);
      route(`${path}${next}`, !push);
    },
  };
}

/** Returns parameters with changes, as the end of a URL. Colons and slashes stay readable. */
export function withParameters(
  parameters: URLSearchParams,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}
