import { z } from "zod";
import type { ChangeKind } from "../../../api/core/changes.js";
import type { CoreClient, CoreResponse } from "../client/core-client.js";
import { CoreError, isCoreError } from "../client/core-error.js";
import { ALL_ABILITIES, type CoreAbilities } from "../client/core-limits.js";
import { CORE_RECORDS, type CoreRecords } from "./core-records.js";
import type { CoreEventHandler } from "./core-state.js";

/** Where each kind is listed: its path, and the name of the list in the answer. */
const LISTS: { readonly [K in ChangeKind]: { readonly path: string; readonly list: string } } = {
  app: { path: "/api/apps", list: "apps" },
  route: { path: "/api/routes", list: "routes" },
  backupPolicy: { path: "/api/backups/policies", list: "policies" },
  node: { path: "/api/nodes", list: "nodes" },
  job: { path: "/api/jobs", list: "jobs" },
  secret: { path: "/api/secrets", list: "secrets" },
  signInProvider: { path: "/api/sign-in-providers", list: "providers" },
};

/** Kinds that a Core may not have. */
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

/** What one look at a Core brought; undefined: nothing is new. */
export type PollResult = CoreEventHandler | undefined;

/**
 * Reads what a Core holds: by its list of changes where it has one (one conditional request, which the Core may hold open
 * until something is new), else by all its lists. Finds out once what the Core can do.
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

  /** Known after the first look. */
  get abilities(): CoreAbilities {
    return this.#abilities ?? ALL_ABILITIES;
  }

  /** Whether a look may wait for news by itself, so that the next one can follow at once. */
  get waits(): boolean {
    return this.abilities.changes;
  }

  /**
   * Looks for what is new since the last look that was `confirm`ed. `overlapped` says that something was written meanwhile:
   * a Core that numbers its revisions tells what is newer, of another one everything is read again.
   */
  async look(
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

  async #readChanges(waitSeconds: number, signal: AbortSignal): ReturnType<CoreReader["look"]> {
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
      deleted: changes.deleted.filter((gone): gone is { kind: ChangeKind; id: string } => gone.kind in LISTS),
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

  /** Reads one list, if it changed; gives whether it did. */
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

  /** Finds out what a Core without a list of changes can do, by its answers alone: nothing is written. */
  async #probe(signal: AbortSignal): Promise<CoreAbilities> {
    const apps = await this.#client.request({ method: "GET", path: "/api/apps", signal });
    return {
      changes: false,
      etags: apps.etag !== undefined,
      updateApps: await this.#allowsPut("/api/apps/probe", signal),
      signInProviders: await this.#exists("/api/sign-in-providers", signal),
    };
  }

  /** Whether the Core says that it takes PUT at a path. What it does not say, it is taken not to do. */
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
      `the Core at ${this.#client.url} answered ${path} with something else than expected${where}`,
    );
  }
}
