import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { slug } from "../names.js";
import { withoutUserInfo } from "../user-info.js";

const LOCAL_SERVER = "https://kubernetes.default.svc";

/** Where an Application goes. */
export interface ArgoDestination {
  readonly namespace: string;
  readonly remote: boolean;
  /** Server or name, as Argo CD has it. */
  readonly cluster: string;
  readonly kubernetes: Readonly<Record<string, unknown>>;
}

/** Reads where an Application goes, and reports what has to be made for another cluster. `home`: namespace of the Application. */
export function destinationOf(spec: Fields, home: string, findings: Findings): ArgoDestination {
  const destination = spec.object("destination");
  const server = destination?.text("server");
  const name = destination?.text("name");
  const set = destination?.text("namespace");
  if (set === undefined)
    findings.add(
      "difference",
      "spec.destination.namespace",
      `is not set: the app is in namespace ${home}, and its objects name their own namespaces`,
    );
  const namespace = set ?? home;
  const cluster = server ?? name ?? LOCAL_SERVER;
  if (isLocalCluster(cluster)) return { namespace, remote: false, cluster, kubernetes: {} };
  const secret = `cluster-${slug(withoutUserInfo(cluster).url.replace(/^https?:\/\//, ""))}`.slice(0, 200);
  findings.add(
    "manual",
    destination?.pathOf(server === undefined ? "name" : "server") ?? "",
    `is another cluster: make the Secret ${namespace}/${secret} with a kubeconfig in the key value, and the namespace ${namespace} in this cluster (Argo CD has the credentials in a Secret with the label argocd.argoproj.io/secret-type: cluster)`,
  );
  return { namespace, remote: true, cluster, kubernetes: { kubeConfigSecretRef: { name: secret } } };
}

/** Whether a server or name is that of the cluster that Argo CD runs in. */
export function isLocalCluster(cluster: string): boolean {
  return (
    cluster.replace(/[/]+$/, "") === LOCAL_SERVER ||
    cluster === "in-cluster" ||
    /^https:\/\/kubernetes\.default(\.svc(\.[\w.]+)?)?(:443)?$/.test(cluster)
  );
}
