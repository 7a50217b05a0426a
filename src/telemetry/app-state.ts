/** Labels that name an app. */
export interface AppName {
  readonly namespace: string;
  readonly name: string;
}

/** State of one app as reported in metrics. Times are seconds since the epoch; undefined if they do not apply. */
export interface AppState extends AppName {
  /** `namespace/name` of its GitRepository. */
  readonly repository: string;
  /** Short form of the last applied revision; empty before the first one. */
  readonly revision: string;
  readonly ready: ConditionStatus;
  /** Reason of the Ready condition. */
  readonly reason: string;
  readonly synced: ConditionStatus;
  /** Healthy, Suspended, Progressing, Degraded or Unknown. */
  readonly health: string;
  /** Reason of the Waiting condition: the gate that blocks the newest Change; empty if none does. */
  readonly waiting: string;
  readonly suspended: boolean;
  readonly unreadySince: number | undefined;
  readonly behindSince: number | undefined;
  readonly driftedSince: number | undefined;
  readonly waitingSince: number | undefined;
  readonly backupFailedSince: number | undefined;
  /** When a Change of the app last succeeded, as far as its history tells. */
  readonly lastSuccess: number | undefined;
  /** Number of desired objects; undefined before the first sync. */
  readonly objects: { readonly healthy: number; readonly unhealthy: number } | undefined;
}

type ConditionStatus = "True" | "False" | "Unknown";
