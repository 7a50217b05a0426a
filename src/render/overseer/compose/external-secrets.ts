import { CoreSecretName } from "../../../api/core/secret.js";
import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import type { Mapping } from "./shape.js";

/**
 * Replaces external secrets by configs whose text is a secret of the Core: `docker compose` knows external secrets with Swarm only. Containers
 * see the same file. Reports names that no secret of a Core has.
 */
export function withExternalSecrets(compose: Mapping, report: Reporter): Mapping {
  const secrets = isRecord(compose.secrets) ? compose.secrets : {};
  const configs = isRecord(compose.configs) ? compose.configs : {};
  const external = new Map<string, string>();
  const added: Record<string, Mapping> = {};
  for (const [key, secret] of Object.entries(secrets)) {
    const name = externalName(key, secret);
    if (name === undefined) continue;
    const { error } = CoreSecretName.safeParse(name);
    if (error !== undefined) {
      report.at("secrets", key).problem(`is not the name of a secret of the Core: ${error.issues[0]?.message}`);
      continue;
    }
    let config = `secret-${key}`;
    while (config in configs || config in added) config += "-";
    external.set(key, config);
    added[config] = { content: `\${SECRET:${name}}` };
  }
  if (external.size === 0) return compose;
  const services = Object.entries(isRecord(compose.services) ? compose.services : {});
  return {
    ...compose,
    services: Object.fromEntries(services.map(([name, service]) => [name, withConfigs(service, external)])),
    secrets: Object.fromEntries(Object.entries(secrets).filter(([key]) => !external.has(key))),
    configs: { ...configs, ...added },
  };
}

/** Returns the name of an external secret; undefined for another one. */
function externalName(key: string, secret: unknown): string | undefined {
  if (!isRecord(secret)) return undefined;
  const { external, name } = secret;
  if (external === undefined || external === false || external === "false") return undefined;
  const inner = isRecord(external) ? external.name : undefined;
  return String(name ?? inner ?? key);
}

function withConfigs(service: unknown, external: ReadonlyMap<string, string>): unknown {
  if (!isRecord(service) || !Array.isArray(service.secrets)) return service;
  const grants = service.secrets.map((grant: unknown) => (isRecord(grant) ? grant : { source: String(grant) }));
  const isExternal = ({ source }: Mapping): boolean => external.has(String(source));
  const configs = grants.filter(isExternal).map((grant) => {
    const source = String(grant.source);
    const target = typeof grant.target === "string" ? grant.target : source;
    const path = target.startsWith("/") ? target : `/run/secrets/${target}`;
    return { ...grant, source: external.get(source), target: path };
  });
  if (configs.length === 0) return service;
  const present: readonly unknown[] = Array.isArray(service.configs) ? service.configs : [];
  return {
    ...service,
    secrets: grants.filter((grant) => !isExternal(grant)),
    configs: [...present, ...configs],
  };
}
