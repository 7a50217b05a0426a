const PLAIN_REF = /^refs\/[^\s\p{Cc}:*?[\\^~]+$/u;

/** Returns whether a ref name from a server is safe as a command-line argument of git. */
export function isPlainRef(name: string): boolean {
  return PLAIN_REF.test(name);
}
