import type { Change, ChangeStatus } from "../../../../src/api/change.js";
import { type GitRepository, GitRepositorySpec, type GitRepositoryStatus } from "../../../../src/api/git-repository.js";
import { API_VERSION } from "../../../../src/api/group.js";
import type { Inputs } from "../../../../src/api/inputs.js";
import type { ObjectMeta } from "../../../../src/api/meta.js";
import { type OverseerApp, OverseerAppSpec, type OverseerAppStatus } from "../../../../src/api/overseer-app.js";
import type { ResourceCache } from "../../../../src/controllers/resource-cache.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";

function metadata(key: string, change: Partial<ObjectMeta> = {}): ObjectMeta {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name, uid: `uid of ${key}`, resourceVersion: "1", generation: 1, ...change };
}

/** Options of a test resource; everything else has defaults. */
export interface Parts<Spec, Status> {
  readonly spec?: Spec;
  readonly status?: Status;
  readonly metadata?: Partial<ObjectMeta>;
}

/** The app `namespace/name`, from the repository `repo` of its namespace, with all defaults. */
export function app(key: string, parts: Parts<Record<string, unknown>, OverseerAppStatus> = {}): OverseerApp {
  const source = { repositoryRef: { name: "repo" } };
  const spec = OverseerAppSpec.parse({ source, destination: { kubernetes: {} }, ...parts.spec });
  const { status } = parts;
  const meta = metadata(key, parts.metadata);
  return { apiVersion: API_VERSION, kind: "OverseerApp", metadata: meta, spec, ...(status ? { status } : {}) };
}

/** The repository `namespace/name`, with all defaults. */
export function repository(
  key: string,
  parts: Parts<Record<string, unknown>, GitRepositoryStatus> = {},
): GitRepository {
  const spec = GitRepositorySpec.parse({ url: "https://git.example.com/shop.git", ...parts.spec });
  const { status } = parts;
  const meta = metadata(key, parts.metadata);
  return { apiVersion: API_VERSION, kind: "GitRepository", metadata: meta, spec, ...(status ? { status } : {}) };
}

/** Inputs with this key, at a commit of the same name. */
export function inputs(key: string): Inputs {
  return { key, revision: `main@sha1:${key}`, commit: key, source: { repositoryRef: { name: "repo" }, path: "." } };
}

/** The Change `namespace/name` of an app. */
export function change(key: string, appName: string, status?: ChangeStatus): Change {
  const spec = { app: { name: appName }, cause: "Revision", inputs: inputs("k") } as const;
  return { apiVersion: API_VERSION, kind: "Change", metadata: metadata(key), spec, ...(status ? { status } : {}) };
}

/** A cache with these objects in one group and no watch. */
export function cacheOf<T extends { readonly metadata: ObjectMeta }>(
  items: readonly T[],
  plural = "things",
  synced = true,
): ResourceCache<T & { apiVersion: string; kind: string; spec: unknown; status?: unknown }> {
  const objects = new Map(items.map((item) => [`${item.metadata.namespace}/${item.metadata.name}`, item]));
  const cache = {
    get: (key: string) => objects.get(key),
    values: () => objects.values(),
    of: () => objects.values(),
    follows: () => true,
    isUnreadable: () => false,
    resource: { plural },
    synced,
  };
  return cache as unknown as ResourceCache<T & { apiVersion: string; kind: string; spec: unknown; status?: unknown }>;
}

/** What a Git host that is not there answers. */
export const unreachable = (): Promise<never> => Promise.reject(new Error("there is no Git host"));

/** Key of a resource; without a namespace, one of the namespace shop. */
export function keyOf(name: string): string {
  return name.includes("/") ? name : `shop/${name}`;
}

/** A kind of our API group. */
export function resourceOf(kind: string, plural: string): ResourceInfo {
  const [group = "", version = ""] = API_VERSION.split("/");
  return { group, version, kind, plural, namespaced: true, verbs: new Set(), hasStatus: true };
}
