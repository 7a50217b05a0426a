import { isRecord } from "../../manifest/shape.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import type { RepositoryFile, SecretPlace, ServiceModel } from "./model.js";
import { type MountedFiles, storeFiles, volumeOf } from "./mounted-files.js";
import { joinNames, objectName } from "./names.js";
import type { VolumeMount } from "./pod-volumes.js";
import { mappingOf, numberOf, textOf } from "./values.js";
import type { MountTargets } from "./volume-sources.js";

/** Where secrets are mounted, as in Compose. */
const SECRETS_FOLDER = "/run/secrets";

type GrantKind = "secrets" | "configs";

/** An item of `secrets` or `configs` of a service. */
interface Grant {
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly mode: number | undefined;
  readonly report: Reporter;
}

/** The object and key that a grant is read from. */
interface GrantSource {
  readonly kind: MountedFiles["kind"];
  readonly object: string;
  readonly key: string;
}

/** Mounts the secrets and configs of a service. */
export function grantMounts(model: ServiceModel, targets: MountTargets): VolumeMount[] {
  return (["secrets", "configs"] as const).flatMap((kind) =>
    grantsOf(kind, model).flatMap((grant) => {
      const source = sourceOf(kind, grant, targets);
      return source === undefined ? [] : [mountGrant(kind, grant, source, targets)];
    }),
  );
}

function grantsOf(kind: GrantKind, { service, report }: ServiceModel): Grant[] {
  const list = Array.isArray(service[kind]) ? service[kind] : [];
  const folder = kind === "secrets" ? SECRETS_FOLDER : "";
  return list.map((item: unknown, index: number) => {
    const long = isRecord(item) ? item : {};
    const source = textOf(item) ?? textOf(long.source) ?? "";
    const target = textOf(long.target) ?? source;
    return {
      source,
      target: target.startsWith("/") ? target : `${folder}/${target}`,
      mode: modeOf(long.mode),
      report: report.at(kind, index),
    };
  });
}

/** Modes in quotes are octal; numbers were octal in YAML. */
function modeOf(value: unknown): number | undefined {
  return typeof value === "string" && /^[0-7]+$/.test(value) ? Number.parseInt(value, 8) : numberOf(value);
}

function mountGrant(
  kind: GrantKind,
  { target, mode, source: granted }: Grant,
  source: GrantSource,
  { pod }: MountTargets,
): VolumeMount {
  const path = target.slice(target.lastIndexOf("/") + 1);
  const items = [{ key: source.key, path, ...(mode === undefined ? {} : { mode }) }];
  const variant = mode === undefined ? "" : `-${mode}`;
  return {
    name: pod.add(`${kind}-${granted}-${path}${variant}`, volumeOf(source.kind, source.object, items)),
    mountPath: target,
    subPath: path,
    readOnly: true,
  };
}

function sourceOf(kind: GrantKind, { source, report }: Grant, targets: MountTargets): GrantSource | undefined {
  const { app } = targets;
  const definition = mappingOf(app.compose[kind])[source];
  if (!isRecord(definition)) return undefined;
  const at = app.report.at(kind, source);
  const { external } = definition;
  if (external !== undefined && external !== null && external !== false && external !== "false") {
    const name = textOf(mappingOf(external).name) ?? textOf(definition.name) ?? source;
    if (kind === "secrets") return { kind: "Secret", ...secretPlace(name, app.secrets) };
    return { kind: "ConfigMap", object: objectName(name), key: VALUE_KEY };
  }
  const content = contentOf(definition, at, targets);
  if (content === undefined) return undefined;
  const stores = kind === "secrets" || content.secret ? "Secret" : "ConfigMap";
  const name = joinNames(app.name, kind === "secrets" ? "secret" : "config", source);
  const stored = storeFiles(
    {
      kind: stores,
      name,
      source: `${kind} ${source}`,
      files: [{ ...content, path: VALUE_KEY, executable: false }],
    },
    targets.objects,
    report,
  );
  if (stored === undefined) return undefined;
  targets.pod.content(stored.hash);
  return { kind: stores, object: name, key: VALUE_KEY };
}

function contentOf(
  definition: Mapping,
  report: Reporter,
  { app }: MountTargets,
): Pick<RepositoryFile, "bytes" | "secret"> | undefined {
  const { content, environment, file } = definition;
  if (content !== undefined) return { bytes: Buffer.from(textOf(content) ?? "", "utf8"), secret: false };
  if (environment !== undefined) {
    const value = app.lookup(String(environment));
    if (value === undefined)
      report
        .at("environment")
        .problem(
          `the variable ${String(environment).slice(0, 60)} has no value: set it in spec.env of the document, or spec.source.env of the OverseerApp`,
        );
    return value === undefined ? undefined : { bytes: Buffer.from(value, "utf8"), secret: false };
  }
  const entry = app.files(textOf(file) ?? "");
  if (entry.kind === "file") return entry.file;
  const problems = {
    missing: `there is no file ${JSON.stringify(textOf(file))} in the source: add it, or set external: true for an existing object`,
    folder: "is a folder; expected a file",
  };
  report.at("file").problem(entry.kind === "fault" ? entry.message : problems[entry.kind]);
  return undefined;
}

/** Key of Secrets and ConfigMaps that hold one value. */
const VALUE_KEY = "value";

/** Returns where a secret is that an app refers to: in a Secret of the source, or in the key `value` of the Secret of this name. */
export function secretPlace(name: string, places: ReadonlyMap<string, SecretPlace> | undefined): SecretPlace {
  return places?.get(name) ?? { object: objectName(name), key: VALUE_KEY };
}
