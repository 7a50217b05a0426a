import { mayUseSecret, ownerOfEnvFileSecret } from "../../api/core/env-file-secret.js";
import type { AppDocument } from "../../api/documents/app.js";
import { isRecord } from "../../manifest/shape.js";
import type { RepositoryFiles } from "../compose/model.js";
import { isAccepted } from "../plaintext-secrets.js";
import { limitsOf } from "./app-policies.js";
import { checkCompose, type ServiceFacts } from "./compose/check.js";
import { withExternalSecrets } from "./compose/external-secrets.js";
import { finishCompose } from "./compose/finish.js";
import { checkLimits, type Limits } from "./compose/limits.js";
import { activateProfiles } from "./compose/profiles.js";
import type { Runtime } from "./compose/runtime.js";
import type { Mapping } from "./compose/shape.js";
import { inlineEnvFiles } from "./env-files.js";
import type { WrittenCompose } from "./expanded.js";
import { interpolate, type Lookup } from "./interpolate.js";
import { mainService, running } from "./main-service.js";
import { isTooLarge, mergeCompose, TOO_LARGE } from "./merge-compose.js";
import { notePlainSecrets } from "./plain-secrets.js";
import type { Reporter } from "./reporter.js";
import { secretPaths } from "./secrets-in.js";

/** The Compose document of an app, merged, validated and completed. */
export interface ReadCompose {
  readonly compose: Mapping;
  readonly secrets: readonly string[];
  readonly facts: ReadonlyMap<string, ServiceFacts>;
  /** Values of secrets that variables of encrypted files become, by name. */
  readonly fileSecrets?: ReadonlyMap<string, string>;
  /** The merged document before completion, and its reporter. Undefined after a problem. */
  readonly merged?: Mapping;
  readonly report?: Reporter;
}

/**
 * Merges the Compose documents of an app, validates the result for where it runs, and completes it. Strings in the result are
 * escaped: see `Interpolated`. Reports all problems; discard the result if there are any. `envFiles`: replaces `env_file` by their
 * variables. `limits`: of each service, by Policies.
 */
export function readCompose(
  document: AppDocument,
  written: readonly WrittenCompose[],
  lookup: Lookup,
  spec: Reporter,
  runtime: Runtime = "node",
  envFiles?: RepositoryFiles,
  limits: Limits = {},
): ReadCompose {
  const merged = mergeCompose(written, lookup);
  if (merged === undefined) return { compose: {}, secrets: [], facts: new Map() };
  const { report } = merged;
  const active = activateProfiles(merged.value, document.spec.profiles ?? [], spec.at("profiles"));
  const { compose: inlined, secrets: fileSecrets } =
    envFiles === undefined
      ? { compose: active, secrets: new Map() }
      : inlineEnvFiles(document.metadata.name, active, envFiles, lookup, report);
  const facts = checkCompose(inlined, written, report, runtime);
  const compose = runtime === "node" ? withExternalSecrets(inlined, report) : inlined;
  const fill = (name: string): string | undefined =>
    lookup(name) === undefined ? undefined : interpolate(`\${${name}}`, lookup).text;
  if (!isAccepted(document.metadata.annotations)) notePlainSecrets(compose, report, runtime);
  const main = limitedService(document, facts, spec);
  const own = limitsOf(document.spec.resources);
  checkLimits({ deploy: { resources: { limits: own } } }, limits, spec.at("resources"));
  for (const name of running(facts)) checkLimits(serviceOf(compose, name), limits, report.at("services", name));
  const limitsFor = (name: string): Limits => (name === main ? { ...limits, ...own } : limits);
  const finished = finishCompose(compose, { facts, fill, limitsOf: limitsFor }, report);
  const used = secretPaths(finished);
  for (const [name, path] of used)
    if (!mayUseSecret(document.metadata.name, name))
      report
        .at(...path)
        .problem(
          `the secret ${name.slice(0, 128)} is of an encrypted env_file of the app ${ownerOfEnvFileSecret(name)}, and no other app may use it: store it in the Core under another name`,
        );
  if (!report.failed && isTooLarge(finished)) report.problem(TOO_LARGE);
  return { compose: finished, secrets: [...used.keys()].sort(), facts, fileSecrets, merged: compose, report };
}

function serviceOf({ services }: Mapping, name: string): Mapping {
  const service = isRecord(services) ? services[name] : undefined;
  return isRecord(service) ? service : {};
}

/** Returns the service that the limits of the app apply to. Undefined if it has none. */
function limitedService(
  { metadata, spec }: AppDocument,
  facts: ReadonlyMap<string, ServiceFacts>,
  report: Reporter,
): string | undefined {
  const services = running(facts);
  if (spec.resources === undefined || services.length === 0) return undefined;
  const service = mainService(metadata.name, facts)?.name;
  if (service === undefined) {
    const names = services.slice(0, 10).join(", ");
    report
      .at("resources")
      .problem(
        `the target service is ambiguous: none of ${names} is named like the app; set deploy.resources of each service`,
      );
  }
  return service;
}
