import type { ComposeSource } from "../../api/compose-source.js";
import type { AppDocument } from "../../api/documents/app.js";
import type { RouteDocument } from "../../api/documents/route.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import { TimeSlice } from "../../git/pack/time-slice.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import type { ManifestFile } from "../manifest-files.js";
import { limitsFor } from "../overseer/app-policies.js";
import { appRoutes } from "../overseer/app-routes.js";
import { composeFilesNamed, referencedFiles } from "../overseer/compose-files.js";
import { isForCore } from "../overseer/destination.js";
import { composeOf } from "../overseer/expand-documents.js";
import { heldUp, nameKey, readComposeFiles, readText } from "../overseer/expand-source.js";
import type { WrittenCompose } from "../overseer/expanded.js";
import { FieldLocator } from "../overseer/field-locator.js";
import { lookupIn } from "../overseer/interpolate.js";
import { reporterOf } from "../overseer/overlay.js";
import { projectFile } from "../overseer/project-file.js";
import { type ReadCompose, readCompose } from "../overseer/read-compose.js";
import type { Findings, Reporter } from "../overseer/reporter.js";
import { validateDocument } from "../overseer/validate.js";
import type { FileOutcome } from "../parser.js";
import type { RendererInput, RendererOutput } from "../renderer.js";
import { joinPath, type RepositoryPath } from "../repository-path.js";
import { compiledBackup, policyBackup, type SourcePolicy, settingsOf } from "./app-settings.js";
import { readBuildFolders } from "./built-images.js";
import { compileApp } from "./compile-app.js";
import type { CompiledObject } from "./model.js";
import { prepareObjects } from "./prepare-objects.js";
import { pathsIn, type ReadFile, readAppFiles } from "./repository-reader.js";
import type { CompiledRoute } from "./routes.js";

/** The documents of `overseer.io` of a source, compiled for a cluster. */
export interface CompiledSource extends RendererOutput {
  /** Files that these documents refer to, which need not be manifests. */
  readonly usedFiles: ReadonlySet<RepositoryPath>;
}

/** An App document with its reporter. */
interface SourceApp {
  readonly document: AppDocument;
  readonly prepared: PreparedDocument;
  readonly report: Reporter;
  readonly findings: Findings;
}

/** A compiled app without problems. */
interface KnownApp {
  /** Everything that the result depends on besides the document. */
  readonly context: string;
  readonly objects: readonly CompiledObject[];
  readonly documents: readonly PreparedDocument[];
  readonly notes: Findings["notes"];
}

/** All renders of an unchanged file share its documents, so that a commit that changes one app compiles only that app. */
const known = new WeakMap<PreparedDocument, KnownApp>();

/** Compiles the documents of `overseer.io` of a source to objects of Kubernetes. Undefined if it has none. */
export async function compileSource(
  input: RendererInput,
  files: readonly ManifestFile[],
  outcomes: readonly FileOutcome[],
  read: ReadFile,
): Promise<CompiledSource | undefined> {
  const prepared = outcomes.flatMap((outcome) => (outcome.ok ? outcome.documents : [])).filter(isForCore);
  if (prepared.length === 0) return undefined;
  return new SourceCompiler(input, files, outcomes, read).compile(prepared);
}

class SourceCompiler {
  readonly #input: RendererInput;
  readonly #manifests: readonly ManifestFile[];
  readonly #outcomes: readonly FileOutcome[];
  readonly #read: ReadFile;
  readonly #findings: Findings[] = [];
  readonly #apps: SourceApp[] = [];
  readonly #routes: { readonly document: RouteDocument; readonly report: Reporter }[] = [];
  readonly #policies: SourcePolicy[] = [];
  readonly #owners = new Map<string, string>();

  constructor(
    input: RendererInput,
    manifests: readonly ManifestFile[],
    outcomes: readonly FileOutcome[],
    read: ReadFile,
  ) {
    this.#input = input;
    this.#manifests = manifests;
    this.#outcomes = outcomes;
    this.#read = read;
  }

  async compile(prepared: readonly PreparedDocument[]): Promise<CompiledSource> {
    const composeFiles = await readComposeFiles(this.#input, this.#outcomes);
    const used = new Set(
      [...composeFiles.values()].flatMap(({ paths }) => paths.map((path) => joinPath(this.#input.folder, path))),
    );
    for (const document of prepared) this.#sort(document);
    const fileAt = (from: string, named: string) => composeFiles.get(nameKey(from, named))?.content;
    const documents: PreparedDocument[] = [];
    let sound = 0;
    const context = this.#context();
    const slice = new TimeSlice();
    for (const app of this.#apps) {
      if (slice.due) await slice.pause();
      const before = known.get(app.prepared);
      if (before?.context === context && !before.objects.some((object) => this.#ownerOf(object, app) !== undefined)) {
        app.findings.notes.push(...before.notes);
        documents.push(...before.documents);
        for (const object of before.objects) this.#owners.set(keyOf(object, app), app.document.metadata.name);
        sound += 1;
        continue;
      }
      const compose = composeOf(
        app.prepared,
        app.document.spec,
        {
          composeFilesOf: (one) => composeFilesNamed(one).flatMap((named) => fileAt(one.origin.file, named) ?? []),
          fileAt,
        },
        app.report,
      );
      if (compose === undefined) continue;
      const lookup = lookupIn(app.document.spec.env ?? {}, this.#input.env);
      const limits = limitsFor(
        app.document.metadata.name,
        this.#policies.map(({ document }) => document.spec),
      );
      const checked = readCompose(app.document, compose, lookup, app.report.at("spec"), "cluster", undefined, limits);
      if (checked.report === undefined) continue;
      const paths = pathsIn(checked.compose);

      const appFiles = await readAppFiles(paths, projectFile(app.prepared), this.#input, this.#read);
      for (const path of appFiles.paths) used.add(path);
      const builds = await readBuildFolders(checked.compose, projectFile(app.prepared), this.#input);
      const read = { files: appFiles.files, builds };
      const objects = app.report.failed ? [] : this.#compileOne(app, checked, lookup, read);
      if (!app.report.failed) sound += 1;
      const isConfidential = appFiles.secret || app.prepared.confidential === true;
      const made = prepareObjects(objects, app.prepared, isConfidential);
      documents.push(...made);
      // Files that the app refers to can change without the document, and problems are found again by every render.
      const isAlone = paths.length === 0 && builds.size === 0 && this.#isAlone(app) && compose.every(referencesNothing);
      if (!app.report.failed && isAlone && !isConfidential)
        known.set(app.prepared, { context, objects, documents: made, notes: [...app.findings.notes] });
    }
    this.#checkReferences();
    const locate = new FieldLocator((file) => readText(file, this.#input, this.#manifests));
    const problems = await locate.all(this.#findings.flatMap((findings) => findings.problems));
    const notes = await locate.all(this.#findings.flatMap((findings) => findings.notes));
    return { documents, notes, problems, usedFiles: used, ...(sound === 0 ? {} : { remark: heldUp(sound) }) };
  }

  #sort(prepared: PreparedDocument): void {
    const findings: Findings = { problems: [], notes: [] };
    this.#findings.push(findings);
    const report = reporterOf(prepared, findings);
    const valid = validateDocument(prepared.object, report);
    if (valid?.kind === "App") this.#apps.push({ document: valid, prepared, report, findings });
    else if (valid?.kind === "Route") this.#routes.push({ document: valid, report });
    else if (valid?.kind === "Policy") this.#policies.push({ document: valid, report });
    else if (valid?.kind === "Node") report.note("has no effect on Kubernetes: the cluster configures its nodes");
  }

  #compileOne(
    app: SourceApp,
    { compose, facts, report: at = app.report }: ReadCompose,
    lookup: (name: string) => string | undefined,
    read: Pick<Parameters<typeof compileApp>[0], "files" | "builds">,
  ): ReturnType<typeof compileApp> {
    const { document, report } = app;
    const { metadata, spec } = document;
    const { name, namespace } = metadata;
    const own = appRoutes(document, facts, report.at("spec")).map(({ object, report: place }) =>
      routeOf(object.spec, place),
    );
    const separate = this.#routes.flatMap(({ document: route, report: place }): CompiledRoute[] => {
      if (route.spec.app !== name) return [];
      const { host, path, service, port, tls, auth } = route.spec;
      if (facts.get(service)?.runs !== true)
        place.at("spec", "service").problem(`is not a service of the app ${name} that runs`);
      return [{ host, path, service, port, tls, auth, report: place.at("spec") }];
    });
    const backup = spec.backup;
    const settings = settingsOf(name, this.#input.compose ?? ({} satisfies ComposeSource), this.#policies);
    const objects = compileApp({
      name,
      namespace,
      node: spec.targetNode,
      compose,
      report: at,
      routes: [...own, ...separate],
      backup:
        backup === undefined
          ? policyBackup(name, this.#policies)
          : backup.enabled
            ? compiledBackup(backup, report.at("spec", "backup"))
            : undefined,
      ...read,
      lookup,
      secrets: this.#input.secrets,
      settings: { ...settings, nodeLabels: { ...settings.nodeLabels, ...spec.nodeLabels } },
    });
    for (const compiled of objects) {
      const { object, report: place } = compiled;
      const key = keyOf(compiled, app);
      const other = this.#owners.get(key);
      if (other !== undefined)
        place.problem(
          `the ${object.kind} ${object.metadata.name} is also that of the app ${other} in the same namespace: set metadata.namespace of one of the apps to another one`,
        );
      this.#owners.set(key, name);
    }
    return objects;
  }

  /** Whether all findings about an app are in its own document. */
  #isAlone({ document: { metadata, spec } }: SourceApp): boolean {
    const isRouted = this.#routes.some(({ document }) => document.spec.app === metadata.name);
    return spec.composeFiles === undefined && !isRouted && policyBackup(metadata.name, this.#policies) === undefined;
  }

  /** Returns the name of the app that already has this object. */
  #ownerOf(object: CompiledObject, app: SourceApp): string | undefined {
    return this.#owners.get(keyOf(object, app));
  }

  /** What all apps depend on besides their documents. */
  #context(): string {
    const { env, compose = {}, secrets = new Map() } = this.#input;
    const others = [...this.#routes, ...this.#policies].map(({ document }) => document);
    return sha256(canonicalJson([env, compose, others, [...secrets]]), 32);
  }

  #checkReferences(): void {
    const names = new Set(this.#apps.map(({ document }) => document.metadata.name));
    for (const { document, report } of this.#routes)
      if (!names.has(document.spec.app))
        report
          .at("spec", "app")
          .problem("there is no such app in this source: on Kubernetes, a Route must be in the source of its app");
    for (const { document, report } of this.#policies)
      for (const [index, app] of (document.spec.apps ?? []).entries())
        if (!names.has(app)) report.at("spec", "apps", index).note("there is no such app in this source");
  }
}

function keyOf({ object }: CompiledObject, { document }: SourceApp): string {
  // Kinds and names have no blanks.
  return `${object.kind} ${document.metadata.namespace ?? ""} ${object.metadata.name}`;
}

function referencesNothing({ value }: WrittenCompose): boolean {
  return referencedFiles(value).length === 0;
}

function routeOf(spec: Readonly<Record<string, unknown>>, report: Reporter): CompiledRoute {
  const target = String(spec.target);
  const colon = target.lastIndexOf(":");
  return {
    host: String(spec.host),
    path: String(spec.path),
    service: target.slice(0, colon),
    port: Number(target.slice(colon + 1)),
    tls: spec.tls === true,
    auth: typeof spec.auth === "string" ? spec.auth : undefined,
    report,
  };
}
