import { randomBytes } from "node:crypto";
import type { Environment } from "../../api/environment.js";
import { type FreezeSpec, freezePatch } from "../../api/environment-freeze.js";
import { ANNOTATION_NOTIFY_TEST, ANNOTATION_RECONCILE_AT, API_VERSION, GROUP } from "../../api/group.js";
import type { RawObject } from "../../kube/object.js";
import type {
  AppTree,
  ChangeRequest,
  Connection,
  DecisionRequest,
  Identity,
  Question,
} from "../connection/connection.js";
import type {
  LogFilter,
  LogRange,
  LogSource,
  LogSources,
  PushedSecretRow,
  SecretValues,
} from "../connection/extras.js";
import type { LiveApp, LiveApproval, LiveChange } from "../connection/live.js";
import { UsageError } from "../exit-codes.js";
import { KINDS } from "../kinds.js";
import type { Target } from "../target.js";
import { objectsOf } from "./app-objects.js";
import { buildTree } from "./build-tree.js";
import { Cluster } from "./cluster.js";
import { groupsForApproval, whoAmI } from "./identity.js";
import { logSources, readLog } from "./pod-logs.js";
import { pushedSecrets, setSecret } from "./pushed-secrets.js";

/** Length of `spec.suspendReason`. */
const MAX_REASON = 256;

/** The API server of a kubeconfig: what commands do is a custom resource that their user writes. */
export class ClusterConnection extends Cluster implements Connection {
  get place(): Connection["place"] {
    return { context: this.context, server: this.client.server };
  }

  whoAmI(): Promise<Identity> {
    return whoAmI(this);
  }

  async isAllowed({ verb, resource, namespace, name }: Question): Promise<boolean> {
    const resourceAttributes = { group: GROUP, resource, verb, namespace, ...(name === undefined ? {} : { name }) };
    const { status } = await this.request<{ status?: { allowed?: boolean } }>({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
    });
    return status?.allowed === true;
  }

  async requestChange(app: Target, { purpose, ...request }: ChangeRequest): Promise<LiveChange> {
    const { username } = await whoAmI(this);
    const kind = purpose ?? (request.dryRun === true ? "plan" : request.cause.toLowerCase());
    const metadata = { generateName: `${app.name}-${kind}-` };
    const spec = { app: { name: app.name }, ...request, requester: username };
    const body = { apiVersion: API_VERSION, kind: "Change", metadata, spec };
    return this.create<LiveChange>(KINDS.change, this.namespaceOf(app), body);
  }

  async decide({ metadata, spec }: LiveChange, request: DecisionRequest): Promise<LiveApproval> {
    const { planHash, decision, comment } = request;
    const identity = await whoAmI(this);
    const groups = groupsForApproval(identity);
    const { name, uid, namespace = "" } = metadata;
    return this.create<LiveApproval>(KINDS.approval, namespace, {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { generateName: `${name}-` } },
      spec: {
        ...{ app: { name: spec.app.name }, change: { name, uid }, planHash, decision, approver: identity.username },
        ...(comment === undefined ? {} : { comment }),
        ...(groups.length === 0 ? {} : { groups }),
      },
    });
  }

  logSources(app: LiveApp, filter: LogFilter): Promise<LogSources> {
    return logSources(this, app, filter);
  }

  log(_app: LiveApp, source: LogSource, range: LogRange): AsyncIterable<string> {
    return readLog(this, source, range);
  }

  setSecret(values: SecretValues): Promise<readonly string[]> {
    return setSecret(this, values);
  }

  pushedSecrets(namespace: string): Promise<readonly PushedSecretRow[]> {
    return pushedSecrets(this, namespace);
  }

  async requestTest(channel: Target): Promise<string> {
    const value = `${new Date().toISOString()}-${randomBytes(3).toString("hex")}`;
    await this.patch(channel, { metadata: { annotations: { [ANNOTATION_NOTIFY_TEST]: value } } });
    return value;
  }

  async wholePlan(): Promise<undefined> {}

  requestReconcile(target: Target): Promise<string> {
    return requestReconcile(this, target);
  }

  async setSuspended(app: Target, suspend: boolean, reason?: string, until?: string): Promise<LiveApp> {
    const suspendReason = suspend ? reasonText((await whoAmI(this)).username, reason) : null;
    return this.patch<LiveApp>(app, { spec: { suspend, suspendReason, suspendUntil: until ?? null } });
  }

  setFreeze(environment: Target, freeze: FreezeSpec | null): Promise<Environment & RawObject> {
    return this.patch<Environment & RawObject>(environment, freezePatch(freeze));
  }

  async treeOf(app: LiveApp): Promise<AppTree> {
    const objects = await objectsOf(this, app);
    return { nodes: buildTree(objects), gaps: objects.gaps };
  }
}

/** Who and why, as far as it fits. */
function reasonText(user: string, reason: string | undefined): string {
  const text = reason === undefined ? `by ${user}` : `by ${user}: ${reason}`;
  if (text.length > MAX_REASON)
    throw new UsageError(`--reason is too long: ${MAX_REASON - user.length - 5} characters fit`);
  return text;
}

/** Requests a reconcile of an app or repository by its annotation, and returns the value that the status repeats when it was handled. */
export async function requestReconcile(cluster: Cluster, target: Target): Promise<string> {
  const value = `${new Date().toISOString()}-${randomBytes(3).toString("hex")}`;
  await cluster.patch(target, { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: value } } });
  return value;
}
