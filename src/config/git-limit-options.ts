/** Settings that limit what is fetched from Git. */
export const GIT_LIMIT_OPTIONS = [
  {
    flag: "git-cache-bytes",
    value: "N",
    env: "OVERSEER_GIT_CACHE_BYTES",
    fallback: "0",
    help: "Maximum total size, in bytes, of the fetched Git objects of all repositories. Above it, new and large repositories are not fetched. Fetches in progress need additional space. 0 means no limit.",
  },
  {
    flag: "git-max-fetch-bytes",
    value: "N",
    env: "OVERSEER_GIT_MAX_FETCH_BYTES",
    fallback: "268435456",
    help: "Maximum size, in bytes, of one fetch of a repository: one commit, without its history.",
  },
  {
    flag: "git-max-object-bytes",
    value: "N",
    env: "OVERSEER_GIT_MAX_OBJECT_BYTES",
    fallback: "67108864",
    help: "Maximum size, in bytes, of one file in a repository. The native Git engine rejects a larger file only if an app needs it; the built-in engine rejects the repository.",
  },
] as const;
