/** Path prefix of the UI, with a slash at its end: `/`, or for example `/gitops/` behind a proxy. The page names it in `<base>`. */
export const BASE = new URL(document.baseURI).pathname;

// The prefix without its slash is the first page, too.
if (`${location.pathname}/` === BASE) history.replaceState(null, "", `${BASE}${location.search}${location.hash}`);

/** Returns the address of a page below the path prefix: `href("apps")` → `/gitops/apps`. */
export function href(path: string): string {
  return `${BASE}${path}`;
}
