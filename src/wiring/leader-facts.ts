import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import { wholePlanHash } from "../plan/plan.js";
import type { LeaderFacts } from "../server/internal/facts.js";
import type { appDestinations, SharedParts } from "./controllers.js";

/** What the facts of the leader come from, besides the shared parts. */
export interface FactSources extends Pick<LeaderFacts, "trail" | "judgeAgain"> {
  readonly memories: ReadonlyMap<string, AppMemory>;
  readonly destinations: ReturnType<typeof appDestinations>;
  readonly digestKey: string;
}

/** Returns what the role api may ask the leader. */
export function leaderFacts(
  {
    resources: {
      caches: { apps },
    },
    wholePlans,
    connections,
  }: SharedParts,
  { memories, destinations, digestKey, trail, judgeAgain }: FactSources,
): LeaderFacts {
  return {
    app: (key) => apps.get(key),
    renders: (key) => memories.get(key)?.renders,
    destination: (key) => destinations.current(key),
    wholePlan: (uid) => wholePlans.get(uid),
    wholePlanHash: (hash, user) => wholePlanHash(hash, user, digestKey),
    cores: () => connections.all(),
    ...{ trail, judgeAgain },
  };
}
