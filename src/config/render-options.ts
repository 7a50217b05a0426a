/** Settings of the programs that render sources and decrypt files. */
export const RENDER_OPTIONS = [
  {
    flag: "kubectl",
    value: "PATH",
    env: "OVERSEER_KUBECTL",
    fallback: "kubectl in /usr/local/bin, /usr/bin or /bin",
    help: "Path to kubectl, which renders Kustomize sources. If it is missing, only these sources fail.",
  },
  {
    flag: "helm",
    value: "PATH",
    env: "OVERSEER_HELM",
    fallback: "helm in /usr/local/bin, /usr/bin or /bin",
    help: "Path to helm, which renders Helm sources. If it is missing, only these sources fail.",
  },
  {
    flag: "sops",
    value: "PATH",
    env: "OVERSEER_SOPS",
    fallback: "sops in /usr/local/bin, /usr/bin or /bin",
    help: "Path to sops, which decrypts files that are encrypted for keys of PGP and of clouds. If it is missing, only these files fail.",
  },
  {
    flag: "render-timeout",
    value: "DURATION",
    env: "OVERSEER_RENDER_TIMEOUT",
    fallback: "30s",
    help: "Timeout for one run of kubectl, helm or sops.",
  },
  {
    flag: "render-cache-bytes",
    value: "N",
    env: "OVERSEER_RENDER_CACHE_BYTES",
    fallback: "268435456",
    help: "Maximum size, in bytes, of the encrypted render results in the cache directory. The least recently used results are evicted first. 0 disables this cache.",
  },
] as const;
