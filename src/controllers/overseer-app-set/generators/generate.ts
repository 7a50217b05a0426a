import type { OverseerAppSet } from "../../../api/app-set.js";
import type { Generator, SimpleGenerator } from "../../../api/app-set-generators.js";
import type { GitRef } from "../../../api/git-ref.js";
import { isTerminal, messageOf, OverseerError } from "../../../base/errors.js";
import { AppSetError, PendingError } from "../app-set-error.js";
import { type Generated, isObject, type ParameterSet, toJson } from "../parameters.js";
import type { ClusterSecrets } from "./cluster-secrets.js";
import { clusterParameters, selectorText } from "./clusters.js";
import { combine, limitApps, under } from "./combine.js";
import { type GitCache, type GitReading, readGit } from "./read-git.js";

/** What generators are evaluated with. */
export interface Generation extends GitReading {
  readonly clusters: Pick<ClusterSecrets, "list">;
}

/**
 * Evaluates all generators of a set. If one of them fails, there is no result: what it would have yielded is not known.
 *
 * @param cache - Results of the last time, which are replaced.
 * @throws AppSetError naming the generator, PendingError if a first result is expected soon.
 */
export async function generate(generation: Generation, set: OverseerAppSet, cache: GitCache): Promise<Generated[]> {
  const used: GitCache = new Map();
  const results: Generated[] = [];
  for (const [index, generator] of set.spec.generators.entries()) {
    const field = `spec.generators[${index}]`;
    results.push(await naming(field, () => evaluate(generation, set, generator, { field, cache, used })));
  }
  limitApps(results);
  cache.clear();
  for (const [key, sets] of used) cache.set(key, sets);
  return results;
}

interface Place {
  readonly field: string;
  readonly cache: GitCache;
  readonly used: GitCache;
}

async function evaluate(
  generation: Generation,
  set: OverseerAppSet,
  generator: Generator,
  place: Place,
): Promise<Generated> {
  if (generator.matrix === undefined) return simple(generation, set, generator, place);
  const parts: Generated[] = [];
  for (const [index, part] of generator.matrix.generators.entries()) {
    const field = `${place.field}.matrix.generators[${index}]`;
    parts.push(await simple(generation, set, part, { ...place, field }));
  }
  const [first, second] = parts;
  if (first === undefined || second === undefined)
    throw new AppSetError("GeneratorFailed", "matrix needs two generators");
  return combine(place.field, first, second);
}

async function simple(
  generation: Generation,
  set: OverseerAppSet,
  generator: SimpleGenerator,
  place: Place,
): Promise<Generated> {
  const sets = under(generator.as, await parametersOf(generation, set, generator, place));
  return { field: place.field, sets, empty: sets.length === 0 ? [place.field] : [] };
}

async function parametersOf(
  generation: Generation,
  set: OverseerAppSet,
  { list, gitFolders, gitFiles, clusters }: SimpleGenerator,
  { field, cache, used }: Place,
): Promise<readonly ParameterSet[]> {
  const { namespace, name } = set.metadata;
  if (list !== undefined) return listParameters(list.elements, field);
  if (clusters !== undefined) {
    const selector = selectorText(clusters.selector);
    const secrets = generation.clusters.list(`${namespace}/${name}`, namespace, selector);
    if (secrets === undefined) throw new PendingError("the Secrets are being listed");
    return clusterParameters(secrets);
  }
  const place = { namespace, field };
  if (gitFolders !== undefined)
    return readGit(generation, { kind: "gitFolders", spec: gitFolders }, place, cache, used);
  if (gitFiles !== undefined) return readGit(generation, { kind: "gitFiles", spec: gitFiles }, place, cache, used);
  throw new AppSetError("GeneratorFailed", "no kind of generator is set that this version knows");
}

/** Returns one set of parameters for each element of a list. */
export function listParameters(elements: readonly unknown[], field: string): ParameterSet[] {
  return elements.map((element, index) => {
    const origin = `${field}.list.elements[${index}]`;
    const values = toJson(element);
    if (!isObject(values)) throw new AppSetError("GeneratorFailed", `${origin} must be an object`);
    return { values, fromGit: new Set(), origin };
  });
}

/** Names the generator in errors. */
async function naming<T>(field: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof PendingError) throw new PendingError(prefixed(field, error));
    if (!(error instanceof OverseerError)) throw error;
    throw new AppSetError("GeneratorFailed", prefixed(field, error), isTerminal(error) ? "terminal" : "retryable");
  }
}

function prefixed(field: string, error: Error): string {
  const text = messageOf(error);
  return text.startsWith(field) ? text : `${field}: ${text}`;
}

/** Returns the selectors of the generators of a set. */
export function selectorsOf({ spec }: Pick<OverseerAppSet, "spec">): string[] {
  return simpleGenerators(spec.generators).flatMap(({ clusters }) =>
    clusters ? [selectorText(clusters.selector)] : [],
  );
}

/** Returns all generators, those of matrices included. */
export function simpleGenerators(generators: readonly Generator[]): readonly SimpleGenerator[] {
  return generators.flatMap((one) => (one.matrix === undefined ? [one] : one.matrix.generators));
}

/** A repository (`namespace/name`) that a set reads, and the ref if it is not that of the repository. */
export interface GitSource {
  readonly repository: string;
  readonly ref: GitRef | undefined;
}

/** Returns what a set reads from Git. */
export function gitSourcesOf({ metadata, spec }: Pick<OverseerAppSet, "metadata" | "spec">): readonly GitSource[] {
  return simpleGenerators(spec.generators).flatMap(({ gitFolders, gitFiles }) => {
    const git = gitFolders ?? gitFiles;
    if (git === undefined) return [];
    const { name, namespace } = git.repositoryRef;
    return [{ repository: `${namespace ?? metadata.namespace}/${name}`, ref: git.ref }];
  });
}
