import type { Environment } from "../../api/environment.js";
import type { FreezeSpec } from "../../api/environment-freeze.js";
import type { CreatedObject } from "../../api/rest/actions.js";
import { CAN_I_RESOURCES } from "../../api/rest/can-i-resources.js";
import type { WholePlan } from "../../api/rest/changes.js";
import type { RequestedTest } from "../../api/rest/channels.js";
import type { AppObjects } from "../../api/rest/objects.js";
import type { PushedSecrets } from "../../api/rest/secrets.js";
import type { CanI, Whoami } from "../../api/rest/user.js";
import { Semaphore } from "../../base/semaphore.js";
import { isStatus, KubeStatusError } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { parseWatchEvent } from "../../kube/watch/watch-event.js";
import { splitLines } from "../../kube/watch/watch-lines.js";
import type {
  AppTree,
  ChangeRequest,
  Connection,
  DecisionRequest,
  Identity,
  ObjectList,
  Question,
  Scope,
  ServerTable,
  WatchLine,
  WatchStart,
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
import { notFound } from "../connection/not-found.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { KINDS, type Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { ServerHttp } from "./server-http.js";
import { logQuery, sourcesOf } from "./server-logs.js";
import { treeOfObjects } from "./tree-of-objects.js";

/** Watches at the same time: the server permits a user eight streams. */
const WATCHES = 6;

/** The server, and the namespace of commands. */
export interface ServerPlace {
  readonly namespace: string;
  readonly url: string;
}

/** The REST API: each method is a request that the server carries out as the user. */
export class ServerConnection implements Connection {
  readonly namespace: string;
  readonly place: Connection["place"];
  readonly mostFollowed = WATCHES;
  readonly #http: ServerHttp;
  readonly #watches = new Semaphore(WATCHES);

  constructor(http: ServerHttp, options: ServerPlace) {
    this.#http = http;
    this.namespace = options.namespace;
    this.place = { server: options.url };
  }

  namespaceOf({ namespace = this.namespace }: Pick<Target, "namespace">): string {
    return namespace;
  }

  async get<T = RawObject>(target: Target): Promise<T> {
    try {
      return await this.#object<T>(target);
    } catch (error) {
      throw isStatus(error, 404) ? await notFound(this, target) : error;
    }
  }

  async find<T = RawObject>(target: Target): Promise<T | undefined> {
    try {
      return await this.#object<T>(target);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async list<T = RawObject>(kind: Kind, scope: Scope): Promise<ObjectList<T>> {
    const items: T[] = [];
    for (let next: string | undefined; ; ) {
      const page = await this.#page<ObjectList<T>>(kind, scope, next === undefined ? {} : { continue: next });
      items.push(...page.items);
      next = page.metadata.continue || undefined;
      if (next === undefined || items.length >= (scope.limit ?? Number.POSITIVE_INFINITY)) return { ...page, items };
    }
  }

  async table(kind: Kind, scope: Scope): Promise<ServerTable> {
    const first = await this.#page<Page>(kind, scope, { as: "table" });
    const rows = [...first.rows];
    for (let next = first.metadata?.continue; next; ) {
      const page = await this.#page<Page>(kind, scope, { as: "table", continue: next });
      rows.push(...page.rows);
      next = page.metadata?.continue;
    }
    return { ...first, rows };
  }

  async *watch<T>(kind: Kind, start: WatchStart): AsyncGenerator<WatchLine<T>> {
    const { resourceVersion, asTable, signal, onOpen } = start;
    const leave = await this.#watches.enter(undefined, signal);
    try {
      const path = `/resources/${kind.plural}/watch`;
      const query = { ...queryOf(kind, start), resourceVersion, ...(asTable === true ? { as: "table" } : {}) };
      const chunks = await this.#http.stream({ method: "GET", path, query, signal });
      onOpen?.();
      for await (const line of splitLines(chunks, path)) yield parseWatchEvent(line, path, undefined) as WatchLine<T>;
    } finally {
      leave();
    }
  }

  async whoAmI(): Promise<Identity> {
    const { name, groups } = await this.#http.request<Whoami>({ method: "GET", path: "/whoami" });
    return { username: name, groups };
  }

  async isAllowed({ verb, resource: plural, namespace, name }: Question): Promise<boolean> {
    const [resource] = Object.entries(CAN_I_RESOURCES).find(([, value]) => value === plural) ?? [];
    if (resource === undefined)
      throw new CommandError(`the server does not say who may use ${plural}: ask the cluster itself`, EXIT.usage);
    const query = { verb, resource, namespace, name };
    return (await this.#http.request<CanI>({ method: "GET", path: "/can-i", query })).allowed;
  }

  requestChange(app: Target, { cause, rollbackTo, promote, dryRun = false }: ChangeRequest): Promise<LiveChange> {
    const verb = { Sync: "sync", Rollback: "rollback", Promotion: "promote" }[cause];
    const body = { dryRun, ...(rollbackTo === undefined ? {} : { change: rollbackTo.change }), ...promote };
    return this.#created<LiveChange>(KINDS.change, `${this.#path("apps", app)}/${verb}`, body);
  }

  decide({ metadata }: LiveChange, { decision, planHash, comment }: DecisionRequest): Promise<LiveApproval> {
    const change = { namespace: metadata.namespace, change: metadata.name };
    const body = { ...change, decision, planHash, ...(comment === undefined ? {} : { comment }) };
    return this.#created<LiveApproval>(KINDS.approval, "/approvals", body);
  }

  wholePlan({ metadata }: LiveChange): Promise<WholePlan> {
    return this.#http.request<WholePlan>({ method: "GET", path: `${this.#path("changes", metadata)}/plan` });
  }

  async requestReconcile(target: Target): Promise<string> {
    const [collection, verb] = target.kind === KINDS.repository ? ["repositories", "sync"] : ["apps", "refresh"];
    const path = `${this.#path(collection, target)}/${verb}`;
    return (await this.#write<{ readonly reconcileAt?: string }>(target, path)).reconcileAt ?? "";
  }

  async setSuspended(app: Target, suspend: boolean, reason?: string, until?: string): Promise<LiveApp> {
    const set = { ...(reason === undefined ? {} : { reason }), ...(until === undefined ? {} : { until }) };
    const body = suspend ? set : {};
    await this.#write(app, `${this.#path("apps", app)}/${suspend ? "suspend" : "resume"}`, body);
    return this.get<LiveApp>(app);
  }

  async setFreeze(environment: Target, freeze: FreezeSpec | null): Promise<Environment & RawObject> {
    const path = `/environments/${encodeURIComponent(environment.name)}/${freeze === null ? "unfreeze" : "freeze"}`;
    await this.#write(environment, path, freeze ?? {});
    return this.get<Environment & RawObject>(environment);
  }

  async treeOf({ metadata }: LiveApp): Promise<AppTree> {
    const target = { namespace: metadata.namespace, name: metadata.name };
    return treeOfObjects(
      await this.#http.request<AppObjects>({ method: "GET", path: `${this.#path("apps", target)}/objects` }),
    );
  }

  async logSources({ metadata }: LiveApp, filter: LogFilter): Promise<LogSources> {
    const path = `${this.#path("apps", metadata)}/objects`;
    return sourcesOf(await this.#http.request<AppObjects>({ method: "GET", path }), filter);
  }

  async *log({ metadata }: LiveApp, source: LogSource, range: LogRange): AsyncGenerator<string> {
    const { namespace, pod, container } = source;
    const leave = await this.#watches.enter(undefined, undefined);
    try {
      const path = `${this.#path("apps", metadata)}/logs`;
      const query = { pod: `${namespace}/${pod}`, container, ...logQuery(range) };
      const chunks = await this.#http.stream({ method: "GET", path, query });
      for await (const line of splitLines(chunks, path)) yield (JSON.parse(line) as { text: string }).text;
    } finally {
      leave();
    }
  }

  async setSecret({ name, data, type, replace }: SecretValues): Promise<readonly string[]> {
    if (replace)
      throw new CommandError("--replace needs a kubeconfig: the REST API reads no keys of Secrets", EXIT.usage);
    const path = this.#path("secrets", { name });
    const body = { data, ...(type === undefined ? {} : { type }) };
    return (await this.#http.request<{ readonly keys: readonly string[] }>({ method: "PUT", path, body })).keys;
  }

  async pushedSecrets(namespace: string): Promise<readonly PushedSecretRow[]> {
    const query = { namespace: namespace === "" ? undefined : namespace };
    return (await this.#http.request<PushedSecrets>({ method: "GET", path: "/secrets", query })).items;
  }

  async requestTest(channel: Target): Promise<string> {
    const { requested } = await this.#write<RequestedTest>(channel, `${this.#path("channels", channel)}/test`);
    return requested;
  }

  /** Returns a page of the audit trail, unchecked. */
  auditPage(query: Readonly<Record<string, string | undefined>>): Promise<unknown> {
    return this.#http.request({ method: "GET", path: "/audit", query });
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #path(collection: string, target: Pick<Target, "namespace" | "name">): string {
    return `/${collection}/${encodeURIComponent(this.namespaceOf(target))}/${encodeURIComponent(target.name)}`;
  }

  #object<T>(target: Target): Promise<T> {
    const query = { ...queryOf(target.kind, { namespace: this.namespaceOf(target) }), name: target.name };
    return this.#http.request<T>({ method: "GET", path: `/resources/${target.kind.plural}`, query });
  }

  async #page<T>(kind: Kind, scope: Scope, more: Readonly<Record<string, string>>): Promise<T> {
    const query = { ...queryOf(kind, scope), ...more };
    try {
      return await this.#http.request<T>({ method: "GET", path: `/resources/${kind.plural}`, query });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      // The server does not tell what is missing from what may not be read.
      const place = query.namespace === undefined ? "of all namespaces" : `in namespace ${query.namespace}`;
      const message = `you may not list ${kind.plural} ${place}`;
      throw new KubeStatusError(403, { code: 403, reason: "Forbidden", message }, `GET ${kind.plural}`);
    }
  }

  async #created<T>(kind: Kind, path: string, body: object): Promise<T> {
    const { namespace, name } = await this.#http.request<CreatedObject>({ method: "POST", path, body });
    return this.get<T>({ kind, namespace, name });
  }

  async #write<T>(target: Target, path: string, body: object = {}): Promise<T> {
    try {
      return await this.#http.request<T>({ method: "POST", path, body });
    } catch (error) {
      throw isStatus(error, 404) ? await notFound(this, target) : error;
    }
  }
}

type Page = ServerTable & { readonly metadata?: { readonly continue?: string } };

function queryOf({ clusterScoped }: Kind, { namespace, selector, fields, limit }: Scope) {
  return {
    namespace: namespace === "" || clusterScoped === true ? undefined : namespace,
    labelSelector: selector,
    fieldSelector: fields,
    limit: limit === undefined ? undefined : String(limit),
  };
}
