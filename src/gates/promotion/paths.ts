import type { Environment } from "../../api/environment.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { parseDuration } from "../../base/duration.js";
import { type Lister, MissingFactError } from "../context.js";
import { environmentsOf, promotionCircle } from "../environments.js";
import type { PromotionRule } from "./eligibility.js";
import { type AppKey, matesOf } from "./groups.js";

/** How an Environment of an app takes revisions from earlier ones. */
export interface PromotionPath extends PromotionRule {
  readonly environment: string;
  readonly compare: "Commit" | "Images";
  readonly ownChanges: "Allow" | "Ask";
  readonly auto: boolean;
  /** Whether pull requests carry tested versions to the files of the app. */
  readonly pullRequests: boolean;
  /** The app of the same name in each earlier Environment, or why there is none. */
  readonly earlier: readonly EarlierFact[];
  /** The other apps of its groups. */
  readonly mates: readonly GroupMate[];
}

/** An app of an earlier Environment, or why there is none. */
export type EarlierFact = { readonly app: OverseerApp } | { readonly problem: string };

/** Another app of a group, which is promoted together with an app. */
export interface GroupMate {
  /** Name of the group. */
  readonly group: string;
  /** Key of the app in the later Environment: `namespace/name`. */
  readonly key: string;
  /** The app of the same name in each earlier Environment. */
  readonly earlier: readonly EarlierFact[];
}

/** Returns the Environments of an app that promote from earlier ones. Empty for an app without such an Environment. Sends no request. */
export function promotionPaths(app: OverseerApp, lister: Lister): PromotionPath[] {
  const all = [...lister.list("Environment")];
  const own = environmentsOf(app.metadata.namespace, all).filter(({ spec }) => (spec.promotesFrom ?? []).length > 0);
  return own.map((environment) => pathOf(app, environment, all, lister));
}

function pathOf(
  app: OverseerApp,
  environment: Environment,
  all: readonly Environment[],
  lister: Lister,
): PromotionPath {
  const { metadata, spec } = environment;
  const {
    compare = "Commit",
    ownChanges = "Allow",
    auto = true,
    pullRequests = false,
    soak,
    soakMode,
  } = spec.promotion ?? {};
  const circle = promotionCircle(metadata.name, all);
  const earlierOf = (key: AppKey): readonly EarlierFact[] =>
    circle === undefined
      ? (spec.promotesFrom ?? []).map((name) =>
          withSameRepository(app, earlierApp(key, environment, name, all, lister), compare, lister),
        )
      : [{ problem: `spec.promotesFrom leads in a circle: ${circle.join(" → ")}: remove one of these` }];
  const mates = matesOf(app.metadata, environment).map(({ group, namespace, name }) => ({
    ...{ group, key: `${namespace}/${name}` },
    earlier: circle === undefined ? earlierOf({ namespace, name }) : [],
  }));
  return {
    ...{ environment: metadata.name, compare, ownChanges, auto, pullRequests, earlier: earlierOf(app.metadata), mates },
    soak: Math.ceil((parseDuration(soak ?? "0s") ?? Number.POSITIVE_INFINITY) / 1000),
    soakMode: soakMode ?? "SinceFirstHealthy",
  };
}

function earlierApp(
  key: AppKey,
  environment: Environment,
  name: string,
  all: readonly Environment[],
  lister: Lister,
): EarlierFact {
  const from = all.find(({ metadata }) => metadata.name === name);
  if (from === undefined) return { problem: `Environment ${name} in spec.promotesFrom does not exist` };
  const namespace = pairedNamespace(key.namespace, environment, from);
  if (namespace === undefined)
    return {
      problem: `Environment ${name} has several namespaces, or none: set from of namespace ${key.namespace} in spec.namespaces of Environment ${environment.metadata.name}`,
    };
  try {
    const found = lister.get("OverseerApp", `${namespace}/${key.name}`);
    return found === undefined
      ? { problem: `OverseerApp ${namespace}/${key.name} of Environment ${name} does not exist` }
      : { app: found };
  } catch (error) {
    if (!(error instanceof MissingFactError)) throw error;
    return { problem: error.message };
  }
}

/** A commit can prove itself only in an app that reads the same repository. Images can come from another one. */
function withSameRepository(
  app: OverseerApp,
  earlier: EarlierFact,
  compare: PromotionPath["compare"],
  lister: Lister,
): EarlierFact {
  if (compare !== "Commit" || "problem" in earlier) return earlier;
  const [own, other] = [urlOf(app, lister), urlOf(earlier.app, lister)];
  if (own === undefined || other === undefined || own === other) return earlier;
  const { namespace, name } = earlier.app.metadata;
  return { problem: `OverseerApp ${namespace}/${name} reads another repository (${other})` };
}

function urlOf({ metadata, spec }: OverseerApp, lister: Lister): string | undefined {
  const { name, namespace = metadata.namespace } = spec.source.repositoryRef;
  return lister.get("GitRepository", `${namespace}/${name}`)?.spec.url;
}

/** Returns the namespace of an earlier Environment that another namespace is promoted from; undefined if it is not clear. */
function pairedNamespace(namespace: string, { spec }: Environment, earlier: Environment): string | undefined {
  const names = earlier.spec.namespaces?.map(({ name }) => name) ?? [];
  const from = spec.namespaces?.find(({ name }) => name === namespace)?.from;
  if (from !== undefined && names.includes(from)) return from;
  return names.length === 1 ? names[0] : undefined;
}

/** An app that is promoted from another one. */
export interface LaterApp {
  /** Key of the app: `namespace/name`. */
  readonly key: string;
  readonly soak: number;
  readonly comparesImages: boolean;
}

/** Returns the apps that take revisions from an app, or with it. They need not exist. Sends no request. */
export function laterApps({ metadata }: OverseerApp, environments: Iterable<Environment>): LaterApp[] {
  const all = [...environments];
  const own = environmentsOf(metadata.namespace, all);
  const later: LaterApp[] = [];
  for (const environment of all) {
    const { promotesFrom = [], namespaces = [], promotion } = environment.spec;
    for (const from of own.filter((one) => promotesFrom.includes(one.metadata.name))) {
      for (const { name } of namespaces) {
        if (pairedNamespace(name, environment, from) !== metadata.namespace) continue;
        const rule = {
          soak: Math.ceil((parseDuration(promotion?.soak ?? "0s") ?? 0) / 1000),
          comparesImages: promotion?.compare === "Images",
        };
        const promoted = { namespace: name, name: metadata.name };
        for (const one of [promoted, ...matesOf(promoted, environment)])
          later.push({ key: `${one.namespace}/${one.name}`, ...rule });
      }
    }
  }
  return later;
}

/** Returns the keys of the other apps of the groups of an app in its own Environments, which do not take what has failed for it. */
export function groupMates({ metadata }: OverseerApp, environments: Iterable<Environment>): string[] {
  return environmentsOf(metadata.namespace, environments)
    .flatMap((environment) => matesOf(metadata, environment))
    .map(({ namespace, name }) => `${namespace}/${name}`);
}
