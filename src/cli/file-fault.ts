import { messageOf } from "../base/errors.js";

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "a part of its path is no directory",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links lead in a circle",
};

/** Why a file cannot be read, in words: `it does not exist`. */
export function fileFault(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  return FAULTS[code] ?? messageOf(error);
}
