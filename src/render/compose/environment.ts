import { isRecord } from "../../manifest/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { readEnvFile } from "./env-file.js";
import { envFileLookup } from "./env-file-lookup.js";
import { warn } from "./findings.js";
import { secretPlace } from "./grants.js";
import type { AppModel, RepositoryFile, SecretPlace, ServiceModel } from "./model.js";
import { expandable, partsOf, type TextPart } from "./text.js";
import { itemsOf, pairsOf, textOf } from "./values.js";

/** A variable of a container. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: unknown };

/**
 * Collects the variables of a container. A secret that is only a part of a value gets a variable of its own, which the value
 * refers to, so that Kubernetes composes it and nothing else sees it.
 */
export class Environment {
  readonly #places: AppModel["secrets"];
  readonly #secrets = new Map<string, string>();
  readonly #variables = new Map<string, readonly TextPart[]>();
  readonly #encrypted = new Map<string, string>();

  /** `places`: see `AppModel.secrets`. */
  constructor(places?: AppModel["secrets"]) {
    this.#places = places;
  }

  set(name: string, parts: readonly TextPart[]): void {
    this.#variables.delete(name);
    this.#variables.set(name, parts);
    this.#encrypted.delete(name);
  }

  /** Sets a variable of an encrypted file, whose value must be in Secrets only. */
  setEncrypted(name: string, value: string): void {
    this.set(name, []);
    this.#encrypted.set(name, value);
  }

  /** Variables of encrypted files that nothing later replaces, with their values. */
  get encrypted(): ReadonlyMap<string, string> {
    return this.#encrypted;
  }

  /** Returns a string of the container that may have references to secrets, in the form that Kubernetes expands. */
  expandable(parts: readonly TextPart[]): string {
    return expandable(parts, (secret) => this.#variableOf(secret));
  }

  /**
   * Returns the list of a container: variables of secrets first, because only previous variables can be referred to. `stored`: where
   * the variables of encrypted files are.
   */
  list(stored: ReadonlyMap<string, SecretPlace>): EnvVar[] {
    const variables = [...this.#variables].map(([name, parts]): EnvVar => {
      const place = stored.get(name);
      if (place !== undefined) return fromSecret(name, place);
      const [first, second] = parts;
      if (first !== undefined && "secret" in first && second === undefined) return this.#fromSecret(name, first.secret);
      return { name, value: this.expandable(parts) };
    });
    const secrets = [...this.#secrets].map(([secret, name]) => this.#fromSecret(name, secret));
    return [...secrets, ...variables];
  }

  #fromSecret(name: string, secret: string): EnvVar {
    return fromSecret(name, secretPlace(secret, this.#places));
  }

  #variableOf(secret: string): string {
    const known = this.#secrets.get(secret);
    if (known !== undefined) return known;
    const taken = [...this.#secrets.values()];
    let name = `SECRET_${secret.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
    while (taken.includes(name) || this.#variables.has(name)) name += "_";
    this.#secrets.set(secret, name);
    return name;
  }
}

function fromSecret(name: string, { object, key }: SecretPlace): EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: object, key } } };
}

/** Reads `env_file` and `environment` of a service. */
export function environmentOf(model: ServiceModel, app: AppModel): Environment {
  const environment = new Environment(app.secrets);
  addFiles(environment, model, app);
  const at = model.report.at("environment");
  for (const { name, value, step } of pairsOf(model.service.environment)) {
    if (name === "") at.at(step).problem("expected the name of a variable");
    else if (value !== undefined) environment.set(name, partsOf(value));
  }
  return environment;
}

function addFiles(environment: Environment, { service, report }: ServiceModel, { files, lookup }: AppModel): void {
  const written = service.env_file;
  itemsOf(written).forEach((item, index) => {
    const at = Array.isArray(written) ? report.at("env_file", index) : report.at("env_file");
    const long = isRecord(item) ? item : {};
    const path = textOf(item) ?? textOf(long.path) ?? "";
    const format = textOf(long.format);
    const isRequired = long.required !== false && long.required !== "false";
    if (format !== undefined && format !== "raw") at.at("format").problem("expected raw");
    const entry = files(path);
    if (entry.kind === "missing") {
      if (!isRequired) return;
      at.problem(
        `there is no file ${JSON.stringify(path)} in the source: add it, set required: false, or write the variables in environment`,
      );
    } else if (entry.kind !== "file")
      at.problem(entry.kind === "fault" ? entry.message : "is a folder; expected a file");
    else {
      const options = {
        path,
        raw: format === "raw",
        lookup: envFileLookup(lookup, service.environment, at),
        report: at,
      };
      addFile(environment, entry.file, options);
    }
  });
}

function addFile(
  environment: Environment,
  { bytes, secret }: RepositoryFile,
  options: {
    readonly path: string;
    readonly raw: boolean;
    readonly lookup: AppModel["lookup"];
    readonly report: Reporter;
  },
): void {
  const { path, raw, lookup, report } = options;
  for (const entry of readEnvFile(new TextDecoder().decode(bytes), lookup, raw)) {
    if ("problem" in entry) report.problem(`${path}:${entry.line}: ${entry.problem}`);
    else if (entry.value !== undefined && secret) environment.setEncrypted(entry.name, entry.value);
    else if (entry.value !== undefined) environment.set(entry.name, entry.value === "" ? [] : [{ text: entry.value }]);
    else warn(report, `${path}: ${secret ? "a name" : entry.name.slice(0, 60)} has no value and is omitted`);
  }
}
