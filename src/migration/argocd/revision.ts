import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";

const COMMIT = /^[0-9a-f]{40}$/;
const SHORT_COMMIT = /^[0-9a-f]{7,39}$/;
const RANGE = /[*^~<>|]|(^|\.)x(\.|$)|^\d+\.\d+(\.\d+)?\s+-\s/i;
const VERSION = /^v?\d+(\.\d+){1,2}([-+].*)?$/;

/** Converts `targetRevision` and `tagPrefix` of a Git source; undefined for HEAD. */
export function refOf(source: Fields, findings: Findings): Record<string, string> | undefined {
  const revision = source.text("targetRevision");
  const prefix = source.text("tagPrefix");
  const field = source.pathOf("targetRevision");
  if (prefix !== undefined) return { semver: revision ?? "*", semverPrefix: prefix };
  if (revision === undefined || revision === "HEAD") return undefined;
  if (COMMIT.test(revision)) return { commit: revision };
  if (revision.startsWith("refs/")) return { name: revision };
  if (RANGE.test(revision)) return { semver: revision };
  if (VERSION.test(revision)) {
    findings.add("difference", field, "is taken for a tag: if it is a branch, write ref.branch");
    return { tag: revision };
  }
  if (SHORT_COMMIT.test(revision))
    findings.add(
      "difference",
      field,
      "is taken for a branch: if it is a short commit ID, write ref.commit with all 40 digits",
    );
  return { branch: revision };
}
