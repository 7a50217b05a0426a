import type { Reporter } from "../overseer/reporter.js";
import type { AppObjects } from "./app-objects.js";
import { warn } from "./findings.js";
import { type AppModel, labelsOf } from "./model.js";
import { joinNames } from "./names.js";
import { sameNode } from "./placement.js";

/** Image with restic if the cluster sets none. */
const DEFAULT_IMAGE = "restic/restic:0.18.1";

/** Backups of an app. */
export interface CompiledBackup {
  readonly schedule: string;
  readonly timeZone?: string | undefined;
  /** Days that backups are kept. */
  readonly days: number;
  readonly report: Reporter;
}

/** Claims that one pod can mount together, and the group of the pods that mount them. */
export interface ClaimGroup {
  readonly group: string;
  readonly claims: readonly string[];
}

/**
 * Adds a CronJob with restic per group of claims. It runs on the node of the pods that mount them, since a claim can usually be
 * mounted on one node only.
 */
export function addBackups(
  backup: CompiledBackup,
  groups: readonly ClaimGroup[],
  app: AppModel,
  objects: AppObjects,
): void {
  const { schedule, timeZone, days, report } = backup;
  const { secretRef, image = DEFAULT_IMAGE } = app.settings.cluster.backup ?? {};
  if (secretRef === undefined) {
    report.problem(
      "no repository for backups is configured: set source.compose.backup of the OverseerApp to a Secret with RESTIC_REPOSITORY and RESTIC_PASSWORD, or remove backup",
    );
    return;
  }
  if (groups.length === 0) {
    warn(report, "has no effect: the app has no volume that is backed up");
    return;
  }
  for (const { group, claims } of groups) {
    const name = joinNames(app.name, ...(groups.length === 1 ? [] : [group]), "backup");
    objects.add(
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        name,
        rest: {
          spec: {
            schedule,
            ...(timeZone === undefined ? {} : { timeZone }),
            concurrencyPolicy: "Forbid",
            startingDeadlineSeconds: 3600,
            successfulJobsHistoryLimit: 1,
            failedJobsHistoryLimit: 3,
            jobTemplate: {
              spec: {
                backoffLimit: 2,
                template: {
                  metadata: { labels: { ...labelsOf(app.name, "backup") } },
                  spec: podSpec({ app, name, group, claims, days, image, secretName: secretRef.name }),
                },
              },
            },
          },
        },
      },
      report,
    );
  }
}

function podSpec(parts: {
  readonly app: AppModel;
  readonly name: string;
  readonly group: string;
  readonly claims: readonly string[];
  readonly days: number;
  readonly image: string;
  readonly secretName: string;
}): Readonly<Record<string, unknown>> {
  const { app, name, group, claims, days, image, secretName } = parts;
  const tag = `${app.name}/${name}`;
  const script = [
    "set -eu",
    "restic cat config >/dev/null 2>&1 || restic init",
    `restic backup --host "$APP" --tag "${tag}" /data`,
    `restic forget --host "$APP" --tag "${tag}" --keep-within "${days}d" --prune`,
  ].join("\n");
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  return {
    restartPolicy: "Never",
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    affinity: { podAffinity: sameNode(app.name, group) },
    securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "restic",
        image,
        command: ["/bin/sh", "-c", script],
        env: [{ name: "APP", value: app.name }],
        envFrom: [{ secretRef: { name: secretName } }],
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE", "FOWNER"] },
        },
        volumeMounts: claims.map((claim) => ({ name: claim, mountPath: `/data/${claim}`, readOnly: true })),
      },
    ],
    volumes,
  };
}
