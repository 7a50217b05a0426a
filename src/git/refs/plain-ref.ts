const PLAIN_REF = /^refs\/[^\s\p{Cc}:*?[\\^~]+$/u;

/** Whether a name that a server told can be asked for: one that cannot be read as anything else on a command line. */
export function isPlainRef(name: string): boolean {
  return PLAIN_REF.test(name);
}
