import { join } from "node:path";

/** Files and ports that the components share. */
export interface Layout {
  readonly dir: string;
  readonly etcdPort: number;
  readonly apiPort: number;
}

/** The files of a control plane, below its folder. */
export function layoutFiles(dir: string) {
  return {
    tokens: join(dir, "tokens.csv"),
    serviceAccountKey: join(dir, "service-account.key"),
    certificates: join(dir, "certificates"),
    /** Written by the API server: its own certificate, followed by the CA that signed it. */
    apiCertificate: join(dir, "certificates", "apiserver.crt"),
    kubeconfig: (user: string) => join(dir, `${user.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.kubeconfig`),
    log: (component: string) => join(dir, `${component}.log`),
  };
}

/** etcd on loopback, its data as volatile as the folder it is in. */
export function etcdFlags(layout: Layout): readonly string[] {
  const client = `http://127.0.0.1:${layout.etcdPort}`;
  return [
    `--data-dir=${join(layout.dir, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    "--listen-peer-urls=http://127.0.0.1:0",
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

/**
 * The API server on loopback with tokens, RBAC and a certificate that it makes itself. Without a controller manager no
 * service account is ever made, so that the admission of pods must not ask for one.
 */
export function apiServerFlags(
  layout: Layout,
  controllerManager: boolean,
  extra: readonly string[],
): readonly string[] {
  const files = layoutFiles(layout.dir);
  return [
    `--etcd-servers=http://127.0.0.1:${layout.etcdPort}`,
    `--secure-port=${layout.apiPort}`,
    "--bind-address=127.0.0.1",
    // A loopback address cannot be an endpoint of the service `kubernetes`, and nothing here calls it.
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none",
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--profiling=false",
    // Served as beta, and off unless asked for.
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ...(controllerManager ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    ...extra,
  ];
}

/** The controller manager, without a port of its own. */
export function controllerManagerFlags(dir: string): readonly string[] {
  const files = layoutFiles(dir);
  return [
    `--kubeconfig=${files.kubeconfig("system:kube-controller-manager")}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--use-service-account-credentials",
    // The default of 20 requests a second makes it start slowly and lag behind a busy test.
    // A machine that stops for a moment, or whose clock jumps, must not cost the simulated node its pods: kwok never brings
    // back the readiness that the controller takes from them.
    "--node-monitor-grace-period=24h",
    // Nobody waits 15 s for an autoscaler.
    "--horizontal-pod-autoscaler-sync-period=1s",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    `--root-ca-file=${files.apiCertificate}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // Volumes of the StorageClass `standard` become empty folders below /tmp/hostpath_pv.
    "--enable-hostpath-provisioner=true",
  ];
}

/** The scheduler, without a port of its own. */
export function schedulerFlags(dir: string): readonly string[] {
  const kubeconfig = layoutFiles(dir).kubeconfig("system:kube-scheduler");
  return [
    `--kubeconfig=${kubeconfig}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
  ];
}

/** kwok plays the kubelet of every node. */
export function kwokFlags(dir: string): readonly string[] {
  return [`--kubeconfig=${layoutFiles(dir).kubeconfig("kwok")}`, "--manage-all-nodes=true"];
}
