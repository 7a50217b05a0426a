import { GROUP } from "../api/group.js";
import { selfSigned } from "../base/self-signed.js";
import { HttpServer } from "../http/server.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { InternalCallers } from "../server/internal/callers.js";
import type { LeaderFacts } from "../server/internal/facts.js";
import { internalRoutes } from "../server/internal/routes.js";
import { LEADER_AUDIENCE, LEADER_NAME, type LeaderAddress } from "../server/rest/leader/leader-client.js";
import type { RoleParts } from "./role.js";

/** Annotation of the Lease with the address of the leader and its certificate, as JSON. */
const ANNOTATION_LEADER = `${GROUP}/leader-address`;

/** A running internal server. */
export interface InternalServer {
  /** Annotations of the Lease by which clients find this process when it leads. */
  readonly annotations: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Serves what the leader knows to the role api, with a certificate of its own that the Lease announces. Undefined without
 * --internal-address. Rights of users are checked by the caller: this process acts for no user.
 */
export async function startInternalServer(
  { config, clock, logger }: RoleParts,
  client: Pick<KubeClient, "request">,
  facts: () => LeaderFacts | undefined,
): Promise<InternalServer | undefined> {
  const { address, host, callers } = config.internal;
  if (address === undefined) return undefined;
  const tls = selfSigned(LEADER_NAME, clock.now());
  const server = new HttpServer({ ...address, addressFlags: "--internal-address", tls, clock, logger });
  const allowed = new Set(callers);
  const known = new InternalCallers(clock, { client, audience: LEADER_AUDIENCE, allowed });
  server.mount(internalRoutes(facts), {
    authorize: async (_access, { authorization }) => {
      await known.check(authorization);
      return undefined;
    },
  });
  const port = await server.start();
  const shown = (address.host ?? host).includes(":") ? `[${address.host ?? host}]` : (address.host ?? host);
  const announced: LeaderAddress = { url: `https://${shown}:${port}`, cert: tls.cert };
  return { annotations: { [ANNOTATION_LEADER]: JSON.stringify(announced) }, stop: () => server.stop() };
}

/** Reads the address of the leader from a Lease; undefined if it announces none. */
export async function findLeader(
  client: Pick<KubeClient, "request">,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<LeaderAddress | undefined> {
  const { body } = await client.request<{ metadata: { annotations?: Record<string, string> } }>({
    method: "GET",
    path: `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${encodeURIComponent(name)}`,
  });
  const text = body.metadata.annotations?.[ANNOTATION_LEADER];
  if (text === undefined) return undefined;
  const { url, cert } = JSON.parse(text) as Partial<LeaderAddress>;
  return typeof url === "string" && url.startsWith("https://") && typeof cert === "string" ? { url, cert } : undefined;
}
