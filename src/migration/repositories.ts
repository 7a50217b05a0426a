import { API_VERSION } from "../api/group.js";
import type { OutputManifest } from "./conversion.js";
import { comparableUrl, repositoryName, withHash } from "./names.js";

/** A repository that apps refer to. */
export interface RepositoryRef {
  readonly name: string;
  readonly namespace: string;
}

/** Collects one GitRepository for each URL. */
export class Repositories {
  readonly #byUrl = new Map<
    string,
    { readonly ref: RepositoryRef; readonly spec: Readonly<Record<string, unknown>> }
  >();

  /** Returns the repository of a URL; makes it with `spec` when it is the first one. */
  use(url: string, namespace: string, spec: () => Readonly<Record<string, unknown>>): RepositoryRef {
    const key = `${namespace} ${comparableUrl(url)}`;
    let found = this.#byUrl.get(key);
    if (found === undefined) {
      const name = repositoryName(url);
      const isTaken = [...this.#byUrl.values()].some(({ ref }) => ref.name === name && ref.namespace === namespace);
      found = { ref: { name: isTaken ? withHash(name, key) : name, namespace }, spec: spec() };
      this.#byUrl.set(key, found);
    }
    return found.ref;
  }

  /** The manifests of the repositories that these apps read, open to their namespaces. */
  manifestsFor(apps: readonly OutputManifest[]): readonly OutputManifest[] {
    return [...this.#byUrl.values()].flatMap(({ ref, spec }) => {
      const users = usersOf(ref, apps);
      if (users.length === 0) return [];
      const others = users.filter((user) => user !== ref.namespace);
      return [
        {
          apiVersion: API_VERSION,
          kind: "GitRepository",
          metadata: { name: ref.name, namespace: ref.namespace },
          spec: others.length === 0 ? spec : { ...spec, allowedNamespaces: others },
        },
      ];
    });
  }
}

/** Namespaces of the apps that read a repository, sorted. */
export function usersOf({ name, namespace }: RepositoryRef, apps: readonly OutputManifest[]): readonly string[] {
  const users = apps.flatMap(({ metadata, spec }) => {
    const { repositoryRef } = (spec.source ?? {}) as { repositoryRef?: { name?: string; namespace?: string } };
    const isUser = repositoryRef?.name === name && (repositoryRef.namespace ?? metadata.namespace) === namespace;
    return isUser ? [metadata.namespace] : [];
  });
  return [...new Set(users)].sort();
}

/** `repositoryRef` of an app in a namespace. */
export function repositoryRefOf({ name, namespace }: RepositoryRef, appNamespace: string): Record<string, string> {
  return namespace === appNamespace ? { name } : { name, namespace };
}
