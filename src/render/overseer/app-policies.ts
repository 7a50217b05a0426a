import type { AppRestrictions } from "../../api/core/app-restrictions.js";
import { PolicyDocument } from "../../api/documents/policy.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import type { Limits } from "./compose/limits.js";

/** What a Policy says about its apps, on a Core and on Kubernetes alike. */
export type AppPolicy = Pick<PolicyDocument["spec"], "apps" | "placement" | "network" | "hostAccess" | "resources">;

/** Returns the Policies of a source that are part of its apps, in their order. Invalid ones are omitted: they are reported elsewhere. */
export function policiesIn(documents: readonly PreparedDocument[]): AppPolicy[] {
  return documents.flatMap(({ object }) => {
    if (object.kind !== "Policy") return [];
    const { apps, placement, network, hostAccess, resources } = PolicyDocument.safeParse(object).data?.spec ?? {};
    return (placement ?? network ?? hostAccess ?? resources) === undefined
      ? []
      : [{ apps, placement, network, hostAccess, resources }];
  });
}

/** Returns the labels that Policies require of the node of an app. Later ones take precedence. */
export function labelsFor(app: string, policies: readonly AppPolicy[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...policiesFor(app, policies).map(({ placement }) => placement?.nodeLabels));
}

/** Returns the limits that Policies set for each service of an app. Later ones take precedence. */
export function limitsFor(app: string, policies: readonly AppPolicy[]): Limits {
  const found = policiesFor(app, policies).map(({ resources }) => limitsOf(resources));
  return Object.assign({}, ...found);
}

/** Converts limits of a document to the form of `deploy.resources.limits`. */
export function limitsOf({ cpus, memory }: NonNullable<AppPolicy["resources"]> = {}): Limits {
  return { ...(cpus === undefined ? {} : { cpus: String(cpus) }), ...(memory === undefined ? {} : { memory }) };
}

/** Returns what Policies deny an app on its node; undefined if they deny nothing. */
export function restrictionsFor(app: string, policies: readonly AppPolicy[]): AppRestrictions | undefined {
  const found = policiesFor(app, policies);
  const isolated = found.findLast(({ network }) => network !== undefined)?.network?.isolated ?? false;
  const access = found.flatMap(({ hostAccess }) => hostAccess ?? []);
  if (!isolated && access.length === 0) return undefined;
  const paths = access.flatMap((one) => one.paths);
  const hostAccess = {
    paths,
    dockerSocket: access.some(({ dockerSocket }) => dockerSocket),
    // Omitted if false, which is the default: agents of earlier versions refuse fields that they do not know.
    ...(access.some(({ externalVolumes }) => externalVolumes) ? { externalVolumes: true } : {}),
  };
  return { isolated, ...(access.length === 0 ? {} : { hostAccess }) };
}

function policiesFor(app: string, policies: readonly AppPolicy[]): AppPolicy[] {
  return policies.filter(({ apps }) => apps === undefined || apps.includes(app));
}
