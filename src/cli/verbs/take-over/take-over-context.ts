import type { Discovery } from "../../../kube/discovery.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Group } from "./groups.js";
import type { TakeOverFlags } from "./take-over-flags.js";

/** What the steps of a take-over work with. */
export interface TakeOverContext {
  readonly cluster: Cluster;
  readonly discovery: Discovery;
  /** Cluster of the objects, if that is another one. */
  readonly target: Cluster | undefined;
  readonly group: Group;
  readonly requester: string;
  readonly flags: TakeOverFlags;
}
