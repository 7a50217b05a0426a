import type { Findings } from "./finding.js";

/** Reports that an app would apply objects of the other tool, by their names: after they were taken over, it would make them again. */
export function reportChildren(children: readonly string[], findings: Findings): void {
  if (children.length === 0) return;
  const shown = children.slice(0, 5).join(", ");
  const more = children.length > 5 ? ` and ${children.length - 5} more` : "";
  findings.add(
    "manual",
    "",
    `applies ${shown}${more}: take those over first, while this one is suspended or has no automated sync, and remove their manifests from Git before you take over this app, which would make them again`,
  );
}
