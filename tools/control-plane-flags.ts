import { join } from "node:path";

/** Files and ports that the components share. */
export interface Layout {
  readonly dir: string;
  readonly etcdPort: number;
  readonly apiPort: number;
}

/** Returns the files of a control plane below its directory. */
export function layoutFiles(dir: string) {
  return {
    tokens: join(dir, "tokens.csv"),
    serviceAccountKey: join(dir, "service-account.key"),
    certificates: join(dir, "certificates"),
    /** Written by the API server: its certificate, followed by the CA that signed it. */
    apiCertificate: join(dir, "certificates", "apiserver.crt"),
    kubeconfig: (user: string) => join(dir, `${user.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.kubeconfig`),
    log: (component: string) => join(dir, `${component}.log`),
  };
}

/** Returns the flags of etcd on loopback, without durability. */
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
 * Returns the flags of the API server on loopback with tokens, RBAC and a self-generated certificate. Without a controller
 * manager there are no service accounts, so admission of pods must not require one.
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
    // A loopback address cannot be an endpoint of the Service `kubernetes`, which is not used here.
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
    // Beta API, disabled by default.
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
    ...(controllerManager ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    ...extra,
  ];
}

/** Returns the flags of the controller manager, without a port. */
export function controllerManagerFlags(dir: string): readonly string[] {
  const files = layoutFiles(dir);
  return [
    `--kubeconfig=${files.kubeconfig("system:kube-controller-manager")}`,
    "--secure-port=0",
    "--leader-elect=false",
    "--use-service-account-credentials",
    // The default of 20 requests per second is too slow for busy tests.
    // A paused machine or clock jump must not make the simulated node unreachable: kwok never restores the readiness of
    // its pods.
    "--node-monitor-grace-period=24h",
    // The default of 15 s is too slow for tests.
    "--horizontal-pod-autoscaler-sync-period=1s",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    `--root-ca-file=${files.apiCertificate}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    // Volumes of the StorageClass `standard` are empty directories below /tmp/hostpath_pv.
    "--enable-hostpath-provisioner=true",
  ];
}

/** Returns the flags of the scheduler, without a port. */
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

/** Returns the flags of kwok, which simulates the kubelet of every node. */
export function kwokFlags(dir: string): readonly string[] {
  return [`--kubeconfig=${layoutFiles(dir).kubeconfig("kwok")}`, "--manage-all-nodes=true"];
}
