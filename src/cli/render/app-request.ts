import { readFile } from "node:fs/promises";
import { GROUP } from "../../api/group.js";
import { OverseerAppSpec } from "../../api/overseer-app.js";
import { messageOf } from "../../base/errors.js";
import { renderTarget, selectionOf, variablesOf } from "../../controllers/overseer-app/source/locate-inputs.js";
import type { KubeObject } from "../../manifest/document.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { parseManifests } from "../../manifest/yaml/parse.js";
import type { RenderTarget, SourceSelection } from "../../render/request.js";
import { UsageError } from "../exit-codes.js";
import { fileFault } from "../file-fault.js";
import { checkManifest } from "../offline/check-manifest.js";

/** What is rendered, and for what. */
export interface SourceRequest {
  readonly source: SourceSelection;
  /** Name of the app. */
  readonly name: string;
  /** Namespace of objects that set none. */
  readonly namespace: string;
  readonly target: RenderTarget;
  /** Variables for Compose documents. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Reads the source of an OverseerApp from a manifest file. `wanted` is its name, if the file has several.
 *
 * @throws UsageError that says what is wrong with the file.
 */
export async function appRequest(file: string, wanted?: string): Promise<SourceRequest> {
  const app = pick(await appsIn(file), file, wanted);
  const [fault] = checkManifest({ file, origin: file, object: app });
  if (fault !== undefined) throw new UsageError(fault);
  return sourceRequestOf(app, file);
}

/**
 * Reads the source of an OverseerApp.
 *
 * @throws UsageError that names the field that is wrong.
 */
export function sourceRequestOf({ metadata, spec: written }: KubeObject, file: string): SourceRequest {
  const result = OverseerAppSpec.safeParse(written);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UsageError(`${file}: OverseerApp ${metadata.name}: spec.${issue?.path.join(".")}: ${issue?.message}`);
  }
  const spec = result.data;
  const { values } = spec.source.helm ?? {};
  if (values !== undefined && !isRecord(values))
    throw new UsageError(
      `${file}: OverseerApp ${metadata.name}: spec.source.helm.values is no object: write the values as fields below it, not as text`,
    );
  const namespace = spec.destination.kubernetes?.namespace ?? metadata.namespace ?? "default";
  const target = renderTarget({ spec });
  return { source: selectionOf(spec.source), name: metadata.name, namespace, target, env: variablesOf(spec.source) };
}

async function appsIn(file: string): Promise<KubeObject[]> {
  try {
    const objects = parseManifests(await readFile(file, "utf8"), file).map(({ object }) => object);
    return objects.filter(({ kind, apiVersion }) => kind === "OverseerApp" && apiVersion.startsWith(`${GROUP}/`));
  } catch (error) {
    if (error instanceof ManifestError) throw new UsageError(messageOf(error));
    throw new UsageError(`-f ${JSON.stringify(file)} cannot be read: ${fileFault(error)}`);
  }
}

function pick(apps: readonly KubeObject[], file: string, wanted: string | undefined): KubeObject {
  const names = apps.map(({ metadata }) => metadata.name);
  const found = wanted === undefined ? apps : apps.filter(({ metadata }) => metadata.name === wanted);
  const [app] = found;
  if (app !== undefined && found.length === 1) return app;
  if (apps.length === 0) throw new UsageError(`${file} contains no OverseerApp`);
  throw new UsageError(
    wanted === undefined
      ? `${file} contains ${apps.length} OverseerApps: choose one with --app (${names.join(", ")})`
      : `${file} contains no single OverseerApp ${JSON.stringify(wanted)}; it contains ${names.join(", ")}`,
  );
}
