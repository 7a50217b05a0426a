import { join } from "node:path";
import type { Config, ElectionSettings } from "../../config/config.js";
import { REMAINING_SHARD } from "../../config/shards.js";

/** A shard, and the configuration of the process that manages it. */
export interface Shard {
  readonly name: string;
  readonly config: Config;
}

/**
 * Returns the shards of an installation: one per group of `--shards`, and one of all other namespaces. The latter has the lease of an
 * installation without shards, so that the two are never active at the same time.
 */
export function shardConfigs(config: Config, election: ElectionSettings): readonly Shard[] {
  const grouped = config.shards.flatMap(({ namespaces }) => namespaces);
  const groups = config.shards.map(({ name, namespaces }): Shard => {
    const leaseName = `${election.leaseName}-${name}`;
    return {
      name,
      config: {
        ...config,
        watchNamespaces: namespaces,
        election: { ...election, leaseName },
        cacheDir: join(config.cacheDir, "shards", name),
        auditDir: config.auditDir && join(config.auditDir, name),
      },
    };
  });
  const remaining = config.watchNamespaces?.filter((name) => !grouped.includes(name));
  if (remaining?.length === 0) return groups;
  const others = remaining === undefined ? { exceptNamespaces: grouped } : { watchNamespaces: remaining };
  return [{ name: REMAINING_SHARD, config: { ...config, ...others } }, ...groups];
}
