import type { PlannedAction } from "../../api/types.js";
import type { IconName } from "../../components/icon.js";
import type { Tone } from "../../components/state.js";

interface Verb {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

/** What each action of a plan is called. */
export const VERBS: Readonly<Record<PlannedAction["verb"], Verb>> = {
  Delete: { label: "Delete", tone: "bad", icon: "trash" },
  Recreate: { label: "Re-create", tone: "bad", icon: "trash" },
  Update: { label: "Change", tone: "warn", icon: "edit" },
  Create: { label: "Create", tone: "good", icon: "plus" },
  Adopt: { label: "Adopt", tone: "warn", icon: "link" },
  Hook: { label: "Run", tone: "busy", icon: "play" },
  HandOver: { label: "Hand over", tone: "idle", icon: "arrow" },
  Keep: { label: "Keep", tone: "idle", icon: "lock" },
};
