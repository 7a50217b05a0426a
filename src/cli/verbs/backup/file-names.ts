/** What a file is a backup of. */
export interface BackupScope {
  /** UID of the cluster; undefined if the user may not read it. */
  readonly cluster: string | undefined;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
}

/** Digits of the UID of a cluster in the name of a file. */
const DIGITS = 8;

/** `overseer-1a2b3c4d-`: with what the names of all files of the same cluster and namespaces begin. */
function prefixOf({ cluster, namespace }: BackupScope): string {
  const digits = (cluster ?? "").replace(/[^0-9a-f]/gi, "").slice(0, DIGITS);
  return `overseer-${digits === "" ? "" : `${digits}-`}${namespace === undefined ? "" : `namespace-${namespace}-`}`;
}

/** Name of the file of a backup. `time`: RFC 3339. */
export function backupFile(scope: BackupScope, time: string): string {
  return `${prefixOf(scope)}${time.replace(/\.\d+/, "").replace(/[-:]/g, "")}.yaml`;
}

/** Returns the files to delete so that the newest `keep` ones of this cluster and scope remain. Those of others do not count. */
export function expiredFiles(files: readonly string[], scope: BackupScope, keep: number): readonly string[] {
  const prefix = prefixOf(scope);
  const own = files
    .filter((file) => file.startsWith(prefix) && /^\d{8}T\d{6}Z\.yaml$/.test(file.slice(prefix.length)))
    .sort();
  return own.slice(0, Math.max(0, own.length - keep));
}
