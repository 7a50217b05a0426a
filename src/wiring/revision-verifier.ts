import type { Clock } from "../base/clock.js";
import { ConfinedPrograms } from "../child/confined-programs.js";
import { findConfinement } from "../child/confinement.js";
import { RevisionVerifier } from "../controllers/git-repository/verify/revision-verifier.js";
import { SignatureVerifier, USUAL_PATH } from "../git/index.js";

/** Limits of `ssh-keygen` and `gpgv`: both need some milliseconds and a few megabytes. */
const LIMITS = { timeoutMs: 10_000, memoryBytes: 256 * 2 ** 20, maxOutputBytes: 65_536, atOnce: 4 } as const;

/** Creates the verifier of signatures, which runs programs without a network. */
export function revisionVerifier(clock: Clock): RevisionVerifier {
  const programs = new ConfinedPrograms({ clock, limits: LIMITS, confinement: findConfinement });
  return new RevisionVerifier(new SignatureVerifier({ programs, path: USUAL_PATH }));
}
