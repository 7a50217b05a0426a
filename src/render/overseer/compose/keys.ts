/** Top-level keys of a Compose document (compose-spec.json), besides `x-…`. */
export const TOP_LEVEL_KEYS: readonly string[] = [
  "version",
  "name",
  "services",
  "networks",
  "volumes",
  "secrets",
  "configs",
  "include",
  "models",
];
