import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import type { Step } from "./state.js";

/** Flags of `overseer take-over`. */
export interface TakeOverFlags extends ClusterFlags, SelectionFlags {
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly until?: Step;
  readonly runHooks?: boolean;
  readonly allowCreate?: boolean;
  readonly targetKubeconfig?: string;
  readonly yes?: boolean;
  readonly timeout: number;
}
