import { z } from "zod";
import { ConfigError } from "./errors.js";

/** A group of namespaces whose custom resources are managed together: by one replica at a time, and by the same one. */
export interface ShardSettings {
  readonly name: string;
  readonly namespaces: readonly string[];
}

/** Name in logs and metrics of the shard of all namespaces that no group lists. */
export const REMAINING_SHARD = "default";
/** Names that are used otherwise: for the remaining shard, and for the audit directory of the role `api`. */
const RESERVED = [REMAINING_SHARD, "api"];
const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const EXAMPLE = "payments=pay-dev,pay-prod;web=web-dev";

/** Validates `--shards`; empty for none. */
export const shardsSetting = z.string().transform((value, context): readonly ShardSettings[] => {
  const shards = listOf(value, ";").map((text): ShardSettings => {
    const at = text.indexOf("=");
    return {
      name: at < 0 ? text : text.slice(0, at).trim(),
      namespaces: at < 0 ? [] : listOf(text.slice(at + 1), ","),
    };
  });
  const message = problemOf(shards);
  if (message === undefined) return shards;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

function listOf(text: string, separator: string): readonly string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function problemOf(shards: readonly ShardSettings[]): string | undefined {
  const owner = new Map<string, string>();
  const names = new Set<string>();
  for (const { name, namespaces } of shards) {
    const shown = JSON.stringify(name);
    if (!NAME.test(name)) return `has the group name ${shown}: use up to 40 lowercase letters, digits and dashes`;
    if (RESERVED.includes(name)) return `has the group name ${shown}, which is reserved`;
    if (names.has(name)) return `has the group ${shown} twice`;
    names.add(name);
    if (namespaces.length === 0) return `lists no namespace for the group ${shown}; expected groups like ${EXAMPLE}`;
    for (const namespace of namespaces) {
      if (!NAMESPACE.test(namespace))
        return `contains ${JSON.stringify(namespace)}, which is not a valid namespace name; expected groups like ${EXAMPLE}`;
      const other = owner.get(namespace);
      if (other !== undefined)
        return `lists the namespace ${namespace} twice, for ${other} and ${name}: a namespace is in one group`;
      owner.set(namespace, name);
    }
  }
  return undefined;
}

/** Checks shards against other settings. Throws ConfigError. */
export function checkShards(
  shards: readonly ShardSettings[],
  others: { readonly elects: boolean; readonly watched: readonly string[] | undefined; readonly leaderCalls: boolean },
): void {
  if (shards.length === 0) return;
  const refuse = (message: string): never => {
    throw new ConfigError(message, "CONFIG_INVALID");
  };
  if (!others.elects) refuse("--shards requires leader election: set --leader-election=true");
  if (others.leaderCalls) refuse("--shards and --internal-address cannot be combined: remove one of them");
  const unwatched = shards
    .flatMap(({ namespaces }) => namespaces)
    .find((name) => others.watched?.includes(name) === false);
  if (unwatched !== undefined)
    refuse(
      `--shards lists the namespace ${unwatched}, which is missing in --watch-namespaces: add it there, or remove it`,
    );
}
