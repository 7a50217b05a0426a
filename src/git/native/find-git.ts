import { execFile } from "node:child_process";

/** Minimum supported version: the first that reads its configuration from the environment. */
export const OLDEST_GIT = "2.31";

/** Default search path of programs. */
export const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Timeout of `git version`, after which git counts as unavailable. */
const TIMEOUT_MS = 10_000;

/** Result of checking the installed `git`. */
export type FoundGit =
  | { readonly usable: true; readonly version: string }
  /** `why` completes a sentence that starts with `git`. */
  | { readonly usable: false; readonly why: string };

/** Runs `git version` once. Never throws. */
export function findGit(executable: string, path: string): Promise<FoundGit> {
  return new Promise((resolve) => {
    const options = {
      env: { PATH: path, LC_ALL: "C" },
      timeout: TIMEOUT_MS,
      maxBuffer: 4096,
      killSignal: "SIGKILL",
    } as const;
    execFile(executable, ["version"], options, (error, stdout) => {
      if (error !== null) resolve({ usable: false, why: whyNot(error) });
      else resolve(judgeVersion(stdout));
    });
  });
}

/** Parses the output of `git version`, such as `git version 2.39.5 (Apple Git-154)`. */
export function judgeVersion(printed: string): FoundGit {
  const match = /^git version ((\d+)\.(\d+)\S*)/.exec(printed);
  if (match === null) return { usable: false, why: "does not report its version" };
  const [, version = "", major, minor] = match;
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_GIT.split(".").map(Number);
  const isOld = Number(major) < oldestMajor || (Number(major) === oldestMajor && Number(minor) < oldestMinor);
  return isOld ? { usable: false, why: `is ${version}, older than ${OLDEST_GIT}` } : { usable: true, version };
}

function whyNot(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  return code === "ENOENT" ? "is not installed" : `cannot be run (${String(code ?? "terminated")})`;
}
