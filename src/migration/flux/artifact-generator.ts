import { posix } from "node:path";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import type { RepositoryRef } from "../repositories.js";
import { type FluxContext, findObject } from "./context.js";

/** A path of an artifact, as a path of the GitRepository that it was copied from. */
export interface OriginalPlace {
  readonly repository: RepositoryRef;
  readonly path: string;
  /** Folders below the path that the artifact has; unset: all. */
  readonly include?: readonly string[];
}

/** A folder of a source that is copied to a folder of an artifact. Both are relative to the roots, and empty for these. */
interface Copy {
  readonly alias: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Returns where in a GitRepository a path of an ExternalArtifact comes from, if an ArtifactGenerator copies whole folders of one repository so
 * that their places to each other stay the same; otherwise why it does not, as a text.
 */
export function originOf(
  artifact: RepositoryRef,
  path: string,
  context: Pick<FluxContext, "objects">,
): OriginalPlace | string {
  const generator = context.objects.find(
    ({ kind, metadata, spec }) =>
      kind === "ArtifactGenerator" &&
      (metadata.namespace ?? "default") === artifact.namespace &&
      artifactsOf(spec).some((one) => one.text("name") === artifact.name),
  );
  const what = `ExternalArtifact ${artifact.namespace}/${artifact.name}`;
  if (generator === undefined)
    return `no ArtifactGenerator with the artifact ${artifact.name} is part of this import: add its manifest with -f, or import from the cluster`;
  const made = `ArtifactGenerator ${generator.metadata.namespace ?? "default"}/${generator.metadata.name}`;
  const [found] = artifactsOf(generator.spec).filter((one) => one.text("name") === artifact.name);
  const copies = (found?.objects("copy") ?? []).map(copyOf);
  const whole = copies.filter((copy) => copy !== undefined);
  const [first] = whole;
  if (first === undefined || whole.length < copies.length)
    return `${made} makes ${what} of other than whole folders (from: "@alias/folder/**"): read the GitRepository itself`;
  const offset = offsetOf(first);
  if (offset === undefined || whole.some((copy) => copy.alias !== first.alias || offsetOf(copy) !== offset))
    return `${made} moves the folders of ${what} to other places to each other than in Git: read the GitRepository itself`;
  const sources = Fields.of(generator.spec, "", new Findings()).objects("sources");
  const source = sources.find((one) => one.text("alias") === first.alias);
  const [kind, name = ""] = [source?.text("kind"), source?.text("name")];
  const namespace = source?.text("namespace") ?? artifact.namespace;
  if (kind !== "GitRepository")
    return `${made} makes ${what} of ${kind ?? "nothing"} ${namespace}/${name}, which is not supported: commit the manifests to Git, and use a GitRepository`;
  return { repository: { namespace, name }, ...placeOf(path, offset, whole) };
}

/** The path in the repository; only the folders that were copied, where it is above of them. */
function placeOf(path: string, offset: string, copies: readonly Copy[]): Pick<OriginalPlace, "path" | "include"> {
  const own = clean(path);
  const place = posix.join(offset, own);
  if (copies.some(({ to }) => isWithin(own, to))) return { path: place };
  return { path: place, include: copies.flatMap(({ to }) => (isWithin(to, own) ? [posix.relative(own, to)] : [])) };
}

function artifactsOf(spec: unknown): readonly Fields[] {
  return Fields.of(spec, "", new Findings()).objects("artifacts");
}

function copyOf(copy: Fields): Copy | undefined {
  const from = /^@([\w-]+)\/(?:(.*)\/)?\*\*$/.exec(copy.text("from") ?? "");
  const to = /^@artifact\/(.*)$/.exec(copy.text("to") ?? "");
  const strategy = copy.text("strategy") ?? "Overwrite";
  if (from?.[1] === undefined || to === null || strategy !== "Overwrite" || copy.has("exclude")) return undefined;
  const folders = [from[2] ?? "", to[1] ?? ""];
  if (folders.some((folder) => /[*?[{]|(^|\/)\.\.(\/|$)/.test(folder))) return undefined;
  return { alias: from[1], from: clean(folders[0]), to: clean(folders[1]) };
}

/** What comes before `to` in `from`; undefined if it does not end with it. */
function offsetOf({ from, to }: Copy): string | undefined {
  if (to === "") return from;
  if (from === to) return "";
  return from.endsWith(`/${to}`) ? from.slice(0, -to.length - 1) : undefined;
}

function clean(folder: string | undefined): string {
  return posix.join("/", folder ?? "").replace(/^\/|\/$/g, "");
}

function isWithin(folder: string, other: string): boolean {
  return other === "" || folder === other || folder.startsWith(`${other}/`);
}

/** Why a GitRepository of Flux is not there to be read; undefined if it is. */
export function missingRepository({ namespace, name }: RepositoryRef, context: FluxContext): string | undefined {
  if (context.isConverted(namespace, name)) return undefined;
  const isThere = findObject(context, "GitRepository", namespace, name) !== undefined;
  return isThere
    ? `GitRepository ${namespace}/${name} is not converted: see its own part of the report`
    : `GitRepository ${namespace}/${name} is not part of this import: add its manifest with -f ("flux export source git ${name} -n ${namespace}" prints it), or import from the cluster`;
}
