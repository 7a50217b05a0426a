import { envFileSecret } from "../../api/core/env-file-secret.js";
import { CoreSecretName } from "../../api/core/secret.js";
import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { readEnvFile } from "../compose/env-file.js";
import { envFileLookup } from "../compose/env-file-lookup.js";
import type { RepositoryFiles } from "../compose/model.js";
import { type ReadFile, readAppFiles } from "../compose/repository-reader.js";
import { unescapeText } from "../compose/text.js";
import { itemsOf, mappingOf, pairsOf, textOf } from "../compose/values.js";
import type { RendererInput } from "../renderer.js";
import { joinPath, parentOf } from "../repository-path.js";
import { runs } from "./compose/dependencies.js";
import { isRelativePath, type Mapping } from "./compose/shape.js";
import { interpolate, type Lookup, lookupIn } from "./interpolate.js";
import { normalizePath, projectFile } from "./project-file.js";
import type { Reporter } from "./reporter.js";

/** A Compose document, and the file that it is in. */
export interface PlacedCompose {
  readonly file: string;
  readonly value: unknown;
}

/**
 * Reads the files that `env_file` of an app's Compose documents may mean: each path relative to the folder of its own document, and to
 * that of the app. Undefined if there are none.
 */
export async function readEnvFiles(
  document: PreparedDocument,
  documents: readonly PlacedCompose[],
  input: RendererInput,
  read: ReadFile,
): Promise<RepositoryFiles | undefined> {
  const project = projectFile(document);
  const lookup = lookupIn(variablesOf(document), input.env);
  const paths = new Set<string>();
  for (const { file, value } of documents)
    for (const service of Object.values(mappingOf(mappingOf(value).services)))
      for (const written of itemsOf(mappingOf(service).env_file).map(pathOf)) {
        const path = written === undefined ? "/" : unescapeText(interpolate(written, lookup).text);
        if (!isRelativePath(path)) continue;
        paths.add(pathFrom(input.folder, project, path));
        paths.add(pathFrom(input.folder, file, path));
      }
  if (paths.size === 0) return undefined;
  // Paths are relative to the source, which the reader takes from a file in it.
  const { files } = await readAppFiles([...paths], joinPath(input.folder, "file"), input, read);
  return (path) => files(pathFrom(input.folder, project, path));
}

/** Returns a path relative to the source; it begins with `../` if it is outside. */
function pathFrom(folder: string, file: string, path: string): string {
  const own = folder === "" ? file : file.slice(folder.length + 1);
  let depth = 0;
  for (const part of joinPath(parentOf(own), path).split("/"))
    if (part === "..") {
      if (--depth < 0) return `../${path}`;
    } else if (part !== "" && part !== ".") depth += 1;
  return normalizePath(joinPath(parentOf(own), path));
}

function variablesOf({ object }: PreparedDocument): Readonly<Record<string, string>> {
  const { env } = mappingOf(object.spec);
  return Object.fromEntries(Object.entries(mappingOf(env)).map(([name, value]) => [name, textOf(value) ?? ""]));
}

function pathOf(item: unknown): string | undefined {
  return textOf(isRecord(item) ? item.path : item);
}

/** A Compose document with the variables of its files, and the secrets that those of encrypted files become, by name. */
export interface WithEnvFiles {
  readonly compose: Mapping;
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Replaces `env_file` of services by `environment`, because the files of the repository are not on the node. A variable of an encrypted
 * file becomes a reference to the secret `<app>.ENV_FILE.<service>.<variable>`, which only this app may use. Strings of the document are escaped: see `Interpolated`.
 */
export function inlineEnvFiles(
  app: string,
  compose: Mapping,
  files: RepositoryFiles,
  lookup: Lookup,
  report: Reporter,
): WithEnvFiles {
  const secrets = new Map<string, string>();
  const services = Object.entries(mappingOf(compose.services)).map(([name, service]): [string, unknown] => {
    if (!isRecord(service) || !runs(service) || service.env_file === undefined) return [name, service];
    const place: Place = { app, service: name, secrets, files, lookup, report: report.at("services", name) };
    return [name, inlineOne(service, place)];
  });
  return { compose: { ...compose, services: Object.fromEntries(services) }, secrets };
}

interface Place {
  readonly app: string;
  readonly service: string;
  readonly secrets: Map<string, string>;
  readonly files: RepositoryFiles;
  readonly lookup: Lookup;
  readonly report: Reporter;
}

function inlineOne(service: Mapping, place: Place): Mapping {
  const { env_file: written, ...rest } = service;
  const variables = new Map<string, unknown>();
  const kept: unknown[] = [];
  itemsOf(written).forEach((item, index) => {
    const path = pathOf(item);
    const at = place.report.at("env_file", ...(Array.isArray(written) ? [index] : []));
    if (path === undefined || !isRelativePath(path)) kept.push(item);
    else {
      const lookup = envFileLookup(place.lookup, rest.environment, at);
      addFile(variables, unescapeText(path), item, { ...place, lookup, report: at });
    }
  });
  const own = isRecord(service.environment)
    ? Object.entries(service.environment)
    : pairsOf(service.environment).map(({ name, value }) => [name, value ?? null] as const);
  for (const [name, value] of own) variables.set(name, value);
  return {
    ...rest,
    ...(kept.length === 0 ? {} : { env_file: kept }),
    ...(variables.size === 0 ? {} : { environment: Object.fromEntries(variables) }),
  };
}

function addFile(
  variables: Map<string, unknown>,
  path: string,
  item: unknown,
  { app, service, secrets, files, lookup, report }: Place,
): void {
  const { required, format } = mappingOf(item);
  if (format !== undefined && format !== "raw") report.at("format").problem("expected raw");
  const entry = files(path);
  if (entry.kind === "missing") {
    if (required !== false && required !== "false")
      report.problem(`there is no file ${JSON.stringify(path)} in the source: add it, or set required: false`);
    return;
  }
  if (entry.kind !== "file") {
    report.problem(entry.kind === "fault" ? entry.message : "is a folder; expected a file");
    return;
  }
  const { bytes, secret } = entry.file;
  const entries = readEnvFile(new TextDecoder().decode(bytes), lookup, format === "raw");
  if (!secret && entries.some((one) => "name" in one && one.name === "sops_mac")) {
    report.problem(`${path} is encrypted with SOPS: set source.decryption of the OverseerApp`);
    return;
  }
  for (const one of entries) {
    if ("problem" in one) report.problem(`${path}:${one.line}: ${one.problem}`);
    else if (one.value === undefined)
      // A name in an encrypted file may be a secret: a line without "=", for example of a key.
      report.note(`${path}: ${secret ? "a name" : one.name.slice(0, 60)} has no value and is omitted`);
    else if (!secret || one.value === "") variables.set(one.name, one.value.replaceAll("$", "$$$$"));
    else {
      const name = envFileSecret(app, service, one.name);
      if (!CoreSecretName.safeParse(name).success)
        report.problem(
          `${path}: the secret of a variable would be ${name.slice(0, 200)}: a name has at most 128 letters, digits, - . _, and ends with a letter or digit`,
        );
      secrets.set(name, one.value);
      variables.set(one.name, `\${SECRET:${name}}`);
    }
  }
}
