import { type CoreAppView, CoreList, type CoreView } from "../../../api/rest/cores.js";
import { ProblemError } from "../../../http/problem.js";
import type { Readable } from "../identity/reading-rights.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

/** Route of Cores and their nodes, as the leader observes them. */
export function coreRoutes({ rights, leader }: Pick<RestParts, "rights" | "leader">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/cores",
      summary:
        "Lists the Cores that are the destination of apps that the user may read, with their nodes and these apps.",
      access: "user",
      responses: { 200: CoreList },
      handle: async ({ caller }) => {
        const readable = await rights.readable(caller, "overseerapps");
        const { items, ...rest } = await askLeader(leader);
        return { status: 200, body: { ...rest, items: visibleCores(items, readable) } };
      },
    }),
  ];
}

/** Asks the leader. That it cannot be asked is part of the answer. */
async function askLeader(leader: RestParts["leader"]): Promise<CoreList> {
  try {
    return await leader.ask({ path: "/internal/v1/cores", schema: CoreList });
  } catch (error) {
    if (error instanceof ProblemError) return { items: [], unavailable: error.message };
    throw error;
  }
}

/**
 * Returns the Cores that a user may see, each once. It is described by a connection of an app that the user may read, if possible by one that is
 * current: an app with a wrong token shows nothing of the Core at its URL.
 */
export function visibleCores(cores: readonly CoreView[], readable: Readable): CoreView[] {
  const byUrl = new Map<string, CoreView>();
  for (const core of cores.flatMap((one) => visiblePart(one, readable))) {
    const known = byUrl.get(core.url);
    const usedBy = [...new Set([...(known?.usedBy ?? []), ...core.usedBy])].sort();
    const best = known === undefined || (known.problem !== undefined && core.problem === undefined) ? core : known;
    byUrl.set(core.url, { ...best, usedBy });
  }
  return [...byUrl.values()];
}

/** Returns what a user may see of a Core: it must be the destination of an app that the user may read. Of other apps, only the number. */
export function visiblePart(core: CoreView, readable: Readable): CoreView[] {
  const mayRead = (app: string | undefined): boolean => {
    // Apps that are not managed by Git are seen by those who may list all apps.
    if (app === undefined) return readable.signature === "*";
    const [namespace = "", name = ""] = app.split("/");
    return readable.includes(namespace, name);
  };
  const usedBy = core.usedBy.filter(mayRead);
  if (usedBy.length === 0) return [];
  const visible = (apps: readonly CoreAppView[]): CoreAppView[] => apps.filter(({ app }) => mayRead(app));
  const nodes = core.nodes.map((node) => {
    const apps = visible(node.apps);
    const hidden = node.apps.length - apps.length;
    return { ...node, apps, ...(hidden === 0 ? {} : { hidden }) };
  });
  return [{ ...core, usedBy, nodes, unplaced: visible(core.unplaced) }];
}
