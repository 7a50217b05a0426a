import { API_VERSION } from "../../api/group.js";
import type { Conversion, InputObject, OutputManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { defined } from "../new-app.js";
import { FINALIZER_OF_OTHER, readMetadata } from "../object-metadata.js";
import { readUrl } from "../user-info.js";

/** A repository of Flux, and whether its apps can be converted. */
export interface ConvertedRepository {
  /** Undefined if it cannot be converted. */
  readonly manifest: OutputManifest | undefined;
  readonly conversion: Conversion;
}

/** Converts a GitRepository of Flux to one of this operator, of the same name and namespace. `users`: namespaces of its apps. */
export function convertGitRepository(repository: InputObject, users: readonly string[]): ConvertedRepository {
  const findings = new Findings();
  const root = Fields.of(repository, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  const { labels, annotations } = readMetadata(repository.metadata, findings, FINALIZER_OF_OTHER);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  const { name, namespace = "default" } = repository.metadata;
  const others = [...new Set(users)].filter((user) => user !== namespace).sort();
  const converted = defined({
    url: readUrl(spec, "url", `in namespace ${namespace}, and set secretRef`, findings),
    ref: refOf(spec.object("ref"), findings),
    interval: spec.text("interval"),
    timeout: spec.text("timeout"),
    secretRef: secretOf(spec, "secretRef"),
    proxySecretRef: secretOf(spec, "proxySecretRef"),
    provider: providerOf(spec),
    recurseSubmodules: spec.flag("recurseSubmodules") || undefined,
    verify: verifyOf(spec, findings),
    allowedNamespaces: others.length === 0 ? undefined : others,
    suspend: spec.flag("suspend") || undefined,
  });
  spec.reportIfSet(
    "ignore",
    "difference",
    "becomes source.include and source.exclude of the apps, for the files below their paths",
  );
  spec.reportIfSet(
    "include",
    "blocked",
    "files of other repositories cannot be included: use a submodule, or commit them",
  );
  spec.reportIfSet(
    "sparseCheckout",
    "difference",
    "becomes source.include of apps whose path has other files; only files that apps read are fetched",
  );
  spec.reportIfSet(
    "serviceAccountName",
    "blocked",
    "workload identity for Git is not supported: use a Secret with a token",
  );
  spec.ignore("gitImplementation", "accessFrom");
  root.reportUnread();
  const manifest: OutputManifest = {
    apiVersion: API_VERSION,
    kind: "GitRepository",
    metadata: defined({
      name,
      namespace,
      labels: Object.keys(labels).length === 0 ? undefined : labels,
      annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
    }) as unknown as OutputManifest["metadata"],
    spec: converted,
  };
  const isBlocked = findings.isBlocked;
  return {
    manifest: isBlocked ? undefined : manifest,
    conversion: {
      kind: "GitRepository",
      namespace,
      name,
      results: isBlocked ? [] : [`GitRepository ${namespace}/${name}`],
      converted: findings.converted,
      findings: findings.all,
    },
  };
}

/** The ref that wins in Flux: commit, name, semver, tag, branch; without any, the branch master. */
function refOf(ref: Fields | undefined, findings: Findings): Record<string, string> {
  const wins = (["commit", "name", "semver", "tag", "branch"] as const).map((name) => [name, ref?.text(name)] as const);
  const set = wins.filter((one): one is [(typeof one)[0], string] => one[1] !== undefined);
  for (const [name] of set.slice(1))
    findings.add("difference", `spec.ref.${name}`, `is not used, as by Flux, because ${set[0]?.[0]} is set`);
  const [first] = set;
  if (first !== undefined) return { [first[0]]: first[1] };
  findings.add("difference", "spec.ref", "is not set: the default of Flux, branch master, is written");
  return { branch: "master" };
}

/** A reference to a Secret. */
export function secretOf(spec: Fields, name: string): Record<string, string> | undefined {
  const secret = spec.object(name)?.text("name");
  return secret === undefined ? undefined : { name: secret };
}

function providerOf(spec: Fields): Record<string, string> | undefined {
  const provider = spec.text("provider");
  if (provider === undefined || provider === "generic") return undefined;
  if (provider === "github") return { type: "GitHub" };
  spec.report("provider", "blocked", `${provider}: workload identity is not supported: use a Secret with a token`);
  return undefined;
}

function verifyOf(spec: Fields, findings: Findings): Record<string, unknown> | undefined {
  const verify = spec.object("verify");
  if (verify === undefined) return undefined;
  const mode = verify.text("mode") ?? "HEAD";
  const known = new Map([
    ["HEAD", "HEAD"],
    ["head", "HEAD"],
    ["Tag", "Tag"],
    ["TagAndHEAD", "Tag"],
  ]);
  if (known.get(mode) === undefined) findings.add("blocked", verify.pathOf("mode"), "must be HEAD, Tag or TagAndHEAD");
  if (mode === "TagAndHEAD")
    findings.add("blocked", verify.pathOf("mode"), "TagAndHEAD has no counterpart: decide for Tag or HEAD");
  return defined({ mode: known.get(mode), secretRef: secretOf(verify, "secretRef") });
}
