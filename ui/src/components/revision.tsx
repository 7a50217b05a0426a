/** A revision like `main@a1b2c3d`, without the name of the hash. */
export function Revision({ of }: { readonly of: string | undefined }) {
  return of === undefined ? null : <span class="mono">{shortRevision(of)}</span>;
}

/** `main@sha1:6f3c1a2b…` → `main@6f3c1a2`. */
export function shortRevision(revision: string): string {
  return revision.replace(/@sha1:([0-9a-f]{7})[0-9a-f]*/, "@$1");
}
