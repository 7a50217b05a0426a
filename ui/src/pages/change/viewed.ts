import { useState } from "preact/hooks";
import type { PlannedAction } from "../../api/types.js";
import { keyOf } from "./plan.js";

/** Which objects of a plan the user has marked as viewed. */
export interface Viewed {
  has(key: string): boolean;
  toggle(key: string): void;
  count(actions: readonly PlannedAction[]): number;
}

/** Marks by plan hash: another plan has to be viewed again. They last as long as the page. */
const marks = new Map<string, Set<string>>();

/** Returns the marks of a plan. */
export function useViewed(planHash: string | undefined): Viewed {
  const [, setVersion] = useState(0);
  const set = marks.get(planHash ?? "") ?? new Set<string>();
  return {
    has: (key) => set.has(key),
    count: (actions) => actions.filter((action) => set.has(keyOf(action))).length,
    toggle: (key) => {
      if (!set.delete(key)) set.add(key);
      marks.set(planHash ?? "", set);
      setVersion((version) => version + 1);
    },
  };
}
