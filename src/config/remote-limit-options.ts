/** Settings that limit what is kept of remote clusters. */
export const REMOTE_LIMIT_OPTIONS = [
  {
    flag: "max-remote-cluster-bytes",
    value: "N",
    env: "OVERSEER_MAX_REMOTE_CLUSTER_BYTES",
    fallback: "268435456",
    help: "Maximum memory, estimated in bytes, of the live state of one remote cluster with one credential. A cluster above it is not observed, and its apps report it.",
  },
  {
    flag: "max-remote-namespace-bytes",
    value: "N",
    env: "OVERSEER_MAX_REMOTE_NAMESPACE_BYTES",
    fallback: "536870912",
    help: "Maximum memory, estimated in bytes, of all remote clusters that the apps of one namespace use. Those of all namespaces may use half of the heap.",
  },
] as const;
