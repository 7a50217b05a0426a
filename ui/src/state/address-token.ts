/** Returns the token in the fragment of an address; undefined if there is none. A malformed one is returned as it is: the server refuses it. */
export function tokenIn(fragment: string): string | undefined {
  const found = /^#token=(.+)$/.exec(fragment)?.[1];
  try {
    return found === undefined ? undefined : decodeURIComponent(found);
  } catch {
    return found;
  }
}
