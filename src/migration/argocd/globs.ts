/**
 * Converts a glob of Argo CD, whose `*` crosses directories, to globs of this operator; undefined if there is no equal one.
 * `{a,b}` is a list of globs.
 */
export function globsOf(pattern: string, recursive: boolean): readonly string[] | undefined {
  const alternatives = expand(pattern.trim());
  const globs: string[] = [];
  for (const glob of alternatives) {
    if (/[[\]!\\{}]/.test(glob)) return undefined;
    const stars = glob.replace(/\*\*\/?/g, "").split("*").length - 1;
    if (stars === 0 || !recursive) globs.push(glob);
    else if (stars > 1) return undefined;
    else {
      const [before = "", after = ""] = glob.split("*");
      globs.push(
        `${before}*${after}`,
        before === "" || before.endsWith("/") ? `${before}**/*${after}` : `${before}*/**/*${after}`,
      );
    }
  }
  return globs;
}

/** `{a,b}` → `a`, `b`. Braces within braces are not expanded. */
function expand(pattern: string): readonly string[] {
  const braces = /^([^{}]*)\{([^{}]*)\}([^{}]*)$/.exec(pattern);
  if (braces === null) return [pattern];
  const [, before = "", list = "", after = ""] = braces;
  return list.split(",").map((part) => `${before}${part}${after}`);
}
