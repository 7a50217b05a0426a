import { z } from "zod";
import type { Change } from "../../../api/change.js";
import {
  ChangeDetail,
  ChangeList,
  ChangeListQuery,
  type ChangeRow,
  NewObjects,
  WholePlan,
} from "../../../api/rest/changes.js";
import { LIST_QUERY, ObjectParams } from "../../../api/rest/fields.js";
import { ProblemError } from "../../../http/problem.js";
import { RawJson } from "../../../http/raw-json.js";
import type { Identity } from "../identity/identity.js";
import { CHANGE_COLUMNS, CHANGE_FACETS, CHANGE_KEYS, changeRow, DECIDED_GATES } from "../lists/change-row.js";
import { type ListKind, windowOf } from "../lists/list.js";
import { rowsOf } from "../lists/listed.js";
import type { ListRow } from "../lists/window.js";
import { readObject } from "../read-object.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { readApp } from "./apps.js";

type StateFilter = "open" | "waiting" | "finished" | "all";

/** Routes that read Changes. */
export function changeRoutes(parts: RestParts): RestRoute[] {
  const kind: ListKind<ChangeRow> = {
    plural: "changes",
    source: parts.changes,
    keys: CHANGE_KEYS,
    facets: CHANGE_FACETS,
    columns: CHANGE_COLUMNS,
    sort: "-created",
  };
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/apps/:namespace/:name/changes",
      summary: "Lists the Changes of an app that the user may read, the newest first.",
      access: "user",
      params: ObjectParams,
      query: z.strictObject(LIST_QUERY),
      responses: { 200: ChangeList },
      handle: async ({ caller, params: { namespace, name }, query }) => {
        const narrow = ({ row }: ListRow<ChangeRow>): boolean => row.namespace === namespace && row.app === name;
        const window = await windowOf(parts, kind, caller, query, { narrow });
        return { status: 200, body: { ...window, items: window.items as ChangeRow[] } };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/changes",
      summary: "Lists the Changes that the user may read: by default those that are not finished, the newest first.",
      access: "user",
      query: ChangeListQuery,
      responses: { 200: ChangeList },
      handle: async ({ caller, query }) => {
        const { state = query.mine === "true" ? "waiting" : "open", mine, ...request } = query;
        const decidable = mine === "true" ? await decidableBy(parts, caller) : undefined;
        const narrow = ({ row, key }: ListRow<ChangeRow>): boolean =>
          hasState(row, state) && (decidable?.has(key) ?? true);
        const window = await windowOf(parts, kind, caller, request, { narrow });
        return { status: 200, body: { ...window, items: window.items as ChangeRow[] } };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/changes/:namespace/:name",
      summary: "Returns one Change with its plan, gates and approvals.",
      access: "user",
      params: ObjectParams,
      responses: { 200: ChangeDetail },
      handle: async ({ caller, params: { namespace, name } }) => {
        const change = await readChange(parts, caller, namespace, name);
        const can = await parts.rights.can(caller, namespace, change.spec.app.name);
        const body = { ...change, row: changeRow(change), can } as unknown as z.output<typeof ChangeDetail>;
        return { status: 200, body };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/changes/:namespace/:name/plan",
      summary: "Returns the plan of a Change, also if it is larger than the status of the Change can show.",
      access: "user",
      params: ObjectParams,
      responses: { 200: WholePlan },
      handle: async ({ caller, params: { namespace, name } }) => {
        const change = await readChange(parts, caller, namespace, name);
        const { planHash, complete, actions = [], digest } = await parts.plans.planFor(caller, change);
        if (digest === undefined) return { status: 200, body: { planHash, complete, actions } };
        // As it is: a large plan is neither parsed nor written again for each reader.
        const before = Buffer.from(`${JSON.stringify({ planHash, complete }).slice(0, -1)},"actions":`);
        const body = new RawJson([before, await parts.plans.actionsOf(change, digest), Buffer.from("}\n")]);
        return { status: 200, etag: `"${planHash}-${digest}"`, body };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/changes/:namespace/:name/new-objects",
      summary: "Returns the fields of the objects that a Change creates, which its plan does not hold.",
      access: "user",
      params: ObjectParams,
      responses: { 200: NewObjects },
      handle: async ({ caller, params: { namespace, name } }) => {
        const { spec, status } = await readChange(parts, caller, namespace, name);
        // Who may read an app may read its documents.
        await readApp(parts, caller, namespace, spec.app.name);
        const objects = (status?.plan ?? [])
          .filter(({ verb }) => verb === "Create" || verb === "Hook")
          .map(({ apiVersion, object }) => ({ apiVersion, object }));
        const inputs = spec.inputs?.key;
        const none: NewObjects = { items: [], omitted: objects.length };
        if (objects.length === 0 || inputs === undefined) return { status: 200, body: none };
        const path = `/internal/v1/apps/${namespace}/${spec.app.name}/new-objects`;
        const asked = parts.leader.ask({ path, body: { inputs, objects }, schema: NewObjects });
        // The plan itself can be read without the leader.
        return { status: 200, body: await asked.catch((error) => orNone(error, none)) };
      },
    }),
  ];
}

/** Reads a Change in the name of a user. Throws NOT_FOUND. */
export function readChange(
  { users, resources }: Pick<RestParts, "users" | "resources">,
  user: Identity,
  namespace: string,
  name: string,
): Promise<Change> {
  return readObject(users.as(user), resources.change, namespace, name);
}

function orNone(error: unknown, none: NewObjects): NewObjects {
  if (error instanceof ProblemError && error.code === "NOT_READY") return none;
  throw error;
}

function hasState({ phase, completed }: ChangeRow, state: StateFilter): boolean {
  if (state === "all") return true;
  if (state === "waiting") return phase === "Waiting";
  const finished =
    completed !== undefined || ["Succeeded", "Failed", "Rejected", "Superseded", "Planned"].includes(phase);
  return finished === (state === "finished");
}

/** Returns the keys of the Changes that wait for a decision that the user may make. */
async function decidableBy({ changes, rights }: RestParts, user: Identity): Promise<ReadonlySet<string>> {
  const waiting = [...rowsOf(changes)].filter(({ row }) => row.gates?.some((gate) => DECIDED_GATES.has(gate)));
  const decidable = await Promise.all(
    waiting.map(async ({ key, namespace, row }) =>
      (await rights.can(user, namespace, row.app)).includes("approve") ? [key] : [],
    ),
  );
  return new Set(decidable.flat());
}
