import picomatch from "picomatch";
import { UnsupportedSourceError } from "./render-error.js";

const MAX_PATTERNS = 64;
const MAX_LENGTH = 256;
/** More stars make the time to match a name grow with the power of their number. */
const MAX_STARS_PER_PART = 3;
const MAX_GLOBSTARS = 3;

/**
 * Whether a path matches one of the patterns. `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is either.
 * A pattern that matches a folder takes everything in it.
 *
 * Patterns come from tenants, and the matcher makes regular expressions of them; so what could be made to run for hours
 * (groups, classes, many stars) is refused.
 *
 * @throws UnsupportedSourceError naming the field and the pattern.
 */
export function compileGlobs(field: string, patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length > MAX_PATTERNS) {
    throw new UnsupportedSourceError(`${field} holds more than ${MAX_PATTERNS} patterns; join some with {a,b}`);
  }
  const globs = patterns.flatMap((pattern) => {
    const glob = pattern.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
    const fault = faultOf(glob);
    if (fault)
      throw new UnsupportedSourceError(
        `${field}: the pattern ${JSON.stringify(pattern.slice(0, MAX_LENGTH))} ${fault}`,
      );
    return glob.endsWith("**") ? [glob] : [glob, `${glob}/**`];
  });
  return picomatch(globs, { dot: true, nonegate: true, noextglob: true, regex: false, strictSlashes: true });
}

function faultOf(glob: string): string | undefined {
  if (glob === "") return "is empty";
  if (glob.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[()[\]!+|^$\\"'`]|\p{Cc}/u.test(glob)) return "may use only *, **, ? and {a,b} besides plain characters";
  if (glob.split("/").includes("..")) return "may not leave the source path";
  if (glob.split("/").filter((part) => part === "**").length > MAX_GLOBSTARS)
    return `has more than ${MAX_GLOBSTARS} **`;
  const stars = glob.split("/").map((part) => (part === "**" ? 0 : part.split("*").length - 1));
  return Math.max(...stars) > MAX_STARS_PER_PART
    ? `has more than ${MAX_STARS_PER_PART} * between two slashes`
    : undefined;
}
