import { PolicyDocument } from "../../api/documents/policy.js";
import type { PreparedDocument } from "../../manifest/to-document.js";

/** Labels that a Policy requires of the nodes of its apps. */
export interface Placement {
  /** Names of the apps. Undefined for all apps of the source. */
  readonly apps: readonly string[] | undefined;
  readonly nodeLabels: Readonly<Record<string, string>>;
}

/** Returns the placements that the Policies of a source define, in their order. Invalid ones are omitted: they are reported elsewhere. */
export function placementsIn(documents: readonly PreparedDocument[]): Placement[] {
  return documents.flatMap(({ object }) => {
    if (object.kind !== "Policy") return [];
    const { apps, placement } = PolicyDocument.safeParse(object).data?.spec ?? {};
    return placement === undefined ? [] : [{ apps, nodeLabels: placement.nodeLabels }];
  });
}

/** Returns the labels that placements require of the node of an app. Later ones take precedence. */
export function labelsFor(app: string, placements: readonly Placement[]): Readonly<Record<string, string>> {
  const found = placements.filter(({ apps }) => apps === undefined || apps.includes(app));
  return Object.assign({}, ...found.map(({ nodeLabels }) => nodeLabels));
}
