import { z } from "zod";
import type { ChangeKind } from "../../../api/core/changes.js";
import type { CoreClient, CoreResponse } from "../client/core-client.js";
import { CoreError, isCoreError } from "../client/core-error.js";
import { ALL_ABILITIES, type CoreAbilities } from "../client/core-limits.js";
import { CORE_RECORDS, type CoreRecords } from "./core-records.js";
import type { CoreEventHandler } from "./core-state.js";

/** Path of each list, and its field in the response. */
const LISTS: { readonly [K in ChangeKind]: { readonly path: string; readonly list: string } } = {
  app: { path: "/api/apps", list: "apps" },
  route: { path: "/api/routes", list: "routes" },
  backupPolicy: { path: "/api/backups/policies", list: "policies" },
  node: { path: "/api/nodes", list: "nodes" },
  job: { path: "/api/jobs", list: "jobs" },
  secret: { path: "/api/secrets", list: "secrets" },
  signInProvider: { path: "/api/sign-in-providers", list: "providers" },
};

/** Kinds that a Core may lack. */
const OPTIONAL: ReadonlySet<ChangeKind> = new Set(["signInProvider", "backupPolicy"]);

const Changes = z.object({
  cursor: z.string().min(1),
  full: z.boolean(),
  apps: z.array(CORE_RECORDS.app),
  routes: z.array(CORE_RECORDS.route),
  backupPolicies: z.array(CORE_RECORDS.backupPolicy),
  nodes: z.array(CORE_RECORDS.node),
  jobs: z.array(CORE_RECORDS.job),
  secrets: z.array(CORE_RECORDS.secret),
  signInProviders: z.array(CORE_RECORDS.signInProvider),
  deleted: z.array(z.object({ kind: z.string(), id: z.string() })),
});

/** Result of one poll; undefined if nothing changed. */
export type PollResult = CoreEventHandler | undefined;

/**
 * Reads the state of a Core: with its list of changes if it has one (one conditional request, which the Core may hold open
 * until something changes), otherwise with all its lists. Detects the features of the Core once.
 */
export class CoreReader {
  readonly #client: CoreClient;
  #abilities: CoreAbilities | undefined;
  #cursor: string | undefined;
  #tags = new Map<ChangeKind, string>();
  #kept = new Map<ChangeKind, readonly CoreRecords[ChangeKind][]>();

  constructor(client: CoreClient) {
    this.#client = client;
  }

  /** The features of the Core, known after the first poll. */
  get abilities(): CoreAbilities {
    return this.#abilities ?? ALL_ABILITIES;
  }

  /** Whether the Core supports long polling, so that the next poll can follow immediately. */
  get waits(): boolean {
    return this.abilities.changes;
  }

  /**
   * Polls for changes since the last poll that was confirmed with `confirm`. `overlapped`: whether something was written during
   * the poll. Without resource revisions, the next poll then reads everything again.
   */
  async poll(
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly events: PollResult; readonly confirm: (overlapped: boolean) => void }> {
    if (this.abilities.changes) {
      try {
        return await this.#readChanges(waitSeconds, signal);
      } catch (error) {
        if (this.#abilities !== undefined || !isCoreError(error, "CORE_NOT_FOUND")) throw error;
        this.#abilities = await this.#probe(signal);
      }
    }
    const events = await this.#readLists(signal);
    const confirm = (overlapped: boolean): void => {
      if (overlapped) this.#tags.clear();
    };
    return { events, confirm };
  }

  async #readChanges(waitSeconds: number, signal: AbortSignal): ReturnType<CoreReader["poll"]> {
    const cursor = this.#cursor;
    const query = cursor === undefined ? "" : `?since=${encodeURIComponent(cursor)}`;
    const response = await this.#client.request({
      method: "GET",
      path: `/api/changes${query}`,
      ifNoneMatch: cursor,
      waitSeconds: cursor === undefined ? undefined : waitSeconds,
      signal,
    });
    this.#abilities = ALL_ABILITIES;
    if (response.status === 304) return { events: undefined, confirm: () => {} };
    const changes = this.#read(Changes, response, "/api/changes");
    const events: CoreEventHandler = {
      full: changes.full,
      found: {
        app: changes.apps,
        route: changes.routes,
        backupPolicy: changes.backupPolicies,
        node: changes.nodes,
        job: changes.jobs,
        secret: changes.secrets,
        signInProvider: changes.signInProviders,
      },
      deleted: changes.deleted.filter((one): one is { kind: ChangeKind; id: string } => one.kind in LISTS),
    };
    return {
      events,
      confirm: () => {
        this.#cursor = changes.cursor;
      },
    };
  }

  async #readLists(signal: AbortSignal): Promise<PollResult> {
    let changed = false;
    for (const kind of Object.keys(LISTS) as ChangeKind[]) changed = (await this.#list(kind, signal)) || changed;
    if (!changed) return undefined;
    const of = <K extends ChangeKind>(kind: K): readonly CoreRecords[K][] =>
      (this.#kept.get(kind) ?? []) as readonly CoreRecords[K][];
    const found = {
      app: of("app"),
      route: of("route"),
      backupPolicy: of("backupPolicy"),
      node: of("node"),
      job: of("job"),
      secret: of("secret"),
      signInProvider: of("signInProvider"),
    };
    return { full: true, found, deleted: [] };
  }

  /** Reads a list if it has changed. Returns whether it has. */
  async #list<K extends ChangeKind>(kind: K, signal: AbortSignal): Promise<boolean> {
    const { path, list } = LISTS[kind];
    if (kind === "signInProvider" && !this.abilities.signInProviders) return false;
    try {
      const response = await this.#client.request({ method: "GET", path, ifNoneMatch: this.#tags.get(kind), signal });
      if (response.status === 304) return false;
      const body = this.#read(z.object({ [list]: z.array(CORE_RECORDS[kind]) }), response, path);
      if (response.etag !== undefined) this.#tags.set(kind, response.etag);
      this.#kept.set(kind, (body[list] ?? []) as readonly CoreRecords[ChangeKind][]);
      return true;
    } catch (error) {
      if (!OPTIONAL.has(kind) || !isCoreError(error, "CORE_NOT_FOUND")) throw error;
      this.#kept.set(kind, []);
      return false;
    }
  }

  /** Detects the features of a Core without a list of changes. Writes nothing. */
  async #probe(signal: AbortSignal): Promise<CoreAbilities> {
    const apps = await this.#client.request({ method: "GET", path: "/api/apps", signal });
    return {
      changes: false,
      etags: apps.etag !== undefined,
      updateApps: await this.#allowsPut("/api/apps/probe", signal),
      signInProviders: await this.#exists("/api/sign-in-providers", signal),
    };
  }

  /** Whether the Core announces PUT for a path. Without an announcement it is assumed to be unsupported. */
  async #allowsPut(path: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { headers } = await this.#client.request({ method: "OPTIONS", path, signal });
      return /\bPUT\b/.test(String(headers.allow ?? ""));
    } catch (error) {
      if (isCoreError(error) && !error.uncertain) return false;
      throw error;
    }
  }

  async #exists(path: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.request({ method: "GET", path, signal });
      return true;
    } catch (error) {
      if (isCoreError(error, "CORE_NOT_FOUND")) return false;
      throw error;
    }
  }

  #read<T>(schema: z.ZodType<T>, response: CoreResponse, path: string): T {
    const { success, data, error } = schema.safeParse(response.body);
    if (success) return data;
    const at = error.issues[0];
    const where = at ? ` (${at.path.join(".")}: ${at.message})` : "";
    throw new CoreError(
      "CORE_INVALID_RESPONSE",
      `the Core at ${this.#client.url} sent an unexpected response to GET ${path}${where}`,
    );
  }
}
