import { readFile } from "node:fs/promises";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { type CoreAccess, coreAccess } from "../../../destinations/overseer/client/core-access.js";
import { CoreClient } from "../../../destinations/overseer/client/core-client.js";
import type { SecretData } from "../../../destinations/secret-data.js";
import { isStatus } from "../../../kube/errors.js";
import { VERSION } from "../../../version.js";
import type { Cluster } from "../../cluster/cluster.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";
import type { ClusterFlags } from "../../flags.js";
import { KINDS } from "../../kinds.js";
import { parseTargetOf } from "../../target.js";

/** Flags of commands that talk to a Core. */
export interface CoreFlags extends ClusterFlags {
  readonly core?: string;
  readonly coreTokenFile?: string;
  readonly coreCa?: string;
  readonly app?: string;
}

/** A connection to a Core. */
export interface Core {
  readonly client: CoreClient;
  /** `namespace/name` of the OverseerApp in `--app`. Undefined if all apps of the Core are meant. */
  readonly owner: string | undefined;
}

/** Key of the digest that tells connections apart: a command has one only. */
const KEY = "overseer-cli";

/** Runs a command with a connection to a Core, which is closed at its end. */
export async function withCore(flags: CoreFlags, work: (core: Core) => Promise<ExitCode>): Promise<ExitCode> {
  if (flags.core !== undefined) {
    if (flags.app !== undefined) throw new UsageError("--core and --app cannot be combined");
    return run(await directAccess(flags.core, flags), undefined, work);
  }
  if (flags.coreTokenFile !== undefined || flags.coreCa !== undefined)
    throw new UsageError("--core-token-file and --core-ca need --core");
  let found: { readonly access: CoreAccess } | undefined;
  let owner: string | undefined;
  await withCluster(flags, async (cluster) => {
    const app = await appWithCore(cluster, flags.app);
    if (flags.app !== undefined) owner = `${app.metadata.namespace}/${app.metadata.name}`;
    found = { access: await accessOf(cluster, app) };
    return EXIT.done;
  });
  if (found === undefined) throw new TypeError("there is no access after the cluster was read");
  return run(found.access, owner, work);
}

async function run(
  access: CoreAccess,
  owner: string | undefined,
  work: (core: Core) => Promise<ExitCode>,
): Promise<ExitCode> {
  const client = new CoreClient(access, { userAgent: `overseer-cli/${VERSION}` });
  try {
    return await work({ client, owner });
  } finally {
    await client.close();
  }
}

async function directAccess(url: string, { coreTokenFile, coreCa }: CoreFlags): Promise<CoreAccess> {
  if (coreTokenFile === undefined) throw new UsageError("--core needs --core-token-file");
  const data: Record<string, string> = { token: await base64Of(coreTokenFile) };
  if (coreCa !== undefined) data["ca.crt"] = await base64Of(coreCa);
  return coreAccess(url, { where: coreTokenFile, data }, undefined, KEY);
}

async function base64Of(file: string): Promise<string> {
  try {
    return (await readFile(file)).toString("base64");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${fileFault(error)}`, EXIT.notAllowed);
  }
}

async function appWithCore(cluster: Cluster, name: string | undefined): Promise<OverseerApp> {
  if (name !== undefined) {
    const app = await cluster.get<OverseerApp>(parseTargetOf(name, [KINDS.app]));
    if (app.spec.destination.overseer !== undefined) return app;
    throw new CommandError(
      `OverseerApp ${app.metadata.namespace}/${app.metadata.name} is not on an Overseer Core: name one with destination.overseer`,
      EXIT.failed,
    );
  }
  const { items } = await cluster.list<OverseerApp>(KINDS.app, { namespace: cluster.namespace });
  const apps = items.filter(({ spec }) => spec.destination.overseer !== undefined);
  const [first] = apps;
  if (first === undefined)
    throw new UsageError(
      `no OverseerApp in ${cluster.namespace} has a Core as its destination: use another namespace, or --core with --core-token-file`,
    );
  const places = new Set(apps.map(({ spec }) => spec.destination.overseer?.url));
  if (places.size === 1) return first;
  const names = apps.map(({ metadata }) => metadata.name).join(", ");
  throw new UsageError(
    `the OverseerApps of ${cluster.namespace} are on several Cores: choose one with --app: ${names}`,
  );
}

async function accessOf(cluster: Cluster, { metadata, spec }: OverseerApp): Promise<CoreAccess> {
  const { overseer } = spec.destination;
  if (overseer === undefined) throw new TypeError("the app has no Core");
  const { namespace = "" } = metadata;
  const secret = await secretOf(cluster, namespace, overseer.secretRef.name);
  const ca = overseer.caSecretRef && (await secretOf(cluster, namespace, overseer.caSecretRef.name));
  return coreAccess(overseer.url, secret, ca, KEY);
}

async function secretOf(cluster: Cluster, namespace: string, name: string): Promise<SecretData> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
  const where = `Secret ${namespace}/${name}`;
  try {
    const { data = {} } = await cluster.request<{ readonly data?: SecretData["data"] }>({ method: "GET", path });
    return { where, data };
  } catch (error) {
    if (isStatus(error, 404))
      throw new CommandError(`${where}, the credential of the Core, does not exist`, EXIT.notAllowed);
    if (isStatus(error, 403))
      throw new CommandError(
        `you may not read ${where}, the credential of the Core: use --core with a token of your own, or ask for the right to read it`,
        EXIT.notAllowed,
      );
    throw error;
  }
}
