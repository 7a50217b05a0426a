import { ANNOTATION_PRUNE } from "../../api/group.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import type { AppObjects } from "./app-objects.js";
import { type AppModel, COMPOSE_GROUP } from "./model.js";
import { joinNames, objectName } from "./names.js";
import type { PodVolumes } from "./pod-volumes.js";
import { isTrue, mappingOf, pairsOf, textOf } from "./values.js";

/** Size of a volume if neither the volume nor the cluster sets one. */
const DEFAULT_SIZE = "1Gi";
const QUANTITY = /^[1-9][0-9]*(?:Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/;

/** Where mounts are added to. */
export interface MountTargets {
  readonly app: AppModel;
  readonly pod: PodVolumes;
  readonly objects: AppObjects;
}

/** Adds a named volume to a pod and returns its name there. Undefined after a problem. `bind` mounts a path of the node. */
export function namedVolume(
  name: string,
  { app, pod, objects }: MountTargets,
  bind: (path: string, report: Reporter) => string | undefined,
): string | undefined {
  const volume = mappingOf(mappingOf(app.compose.volumes)[name]);
  const report = app.report.at("volumes", name);
  const external = volume.external;
  if (external !== undefined && external !== null && external !== false && external !== "false") {
    const named = textOf(mappingOf(external).name) ?? textOf(volume.name) ?? name;
    return pod.claim(objectName(named));
  }
  const driver = textOf(volume.driver) ?? "local";
  if (driver !== "local") {
    report
      .at("driver")
      .problem(
        `${JSON.stringify(driver.slice(0, 60))} is not supported: remove it, or create a claim and set external: true`,
      );
    return undefined;
  }
  const options = mappingOf(volume.driver_opts);
  if (Object.values(options).some((value) => value !== "" && value !== null)) {
    const special = optionsVolume(name, options, pod, report.at("driver_opts"), bind);
    if (special !== "claim") return special;
  }
  const claim = textOf(volume.name) === undefined ? joinNames(app.name, name) : objectName(textOf(volume.name) ?? name);
  addClaim({ claim, source: `volume ${name}`, volume, app, objects, report });
  return pod.claim(claim);
}

function optionsVolume(
  name: string,
  options: Mapping,
  pod: PodVolumes,
  report: Reporter,
  bind: (path: string, report: Reporter) => string | undefined,
): string | "claim" | undefined {
  const type = textOf(options.type) ?? "";
  const device = textOf(options.device) ?? "";
  const flags = (textOf(options.o) ?? "").split(",");
  if (/^nfs4?$/.test(type)) {
    const server =
      flags.find((flag) => flag.startsWith("addr="))?.slice("addr=".length) ?? /^([^:]+):/.exec(device)?.[1];
    const path = device.replace(/^[^:]*:/, "");
    if (server === undefined || !path.startsWith("/")) {
      report.problem("expected the server in o, like addr=nfs.example.com, and the path in device, like :/data");
      return undefined;
    }
    pod.needs("baseline");
    return pod.add(`nfs-${name}`, { nfs: { server, path, ...(flags.includes("ro") ? { readOnly: true } : {}) } });
  }
  if (type === "tmpfs") return pod.add(`tmpfs-${name}`, { emptyDir: { medium: "Memory" } });
  if (flags.includes("bind") || type === "none") return bind(device, report.at("device"));
  report.problem("is not supported: only nfs, tmpfs and bind are; create a claim and set external: true");
  return undefined;
}

/** What a claim is made from. */
interface ClaimParts {
  readonly claim: string;
  /** What the claim is for, like `volume data`. */
  readonly source: string;
  readonly volume: Mapping;
  readonly app: AppModel;
  readonly objects: AppObjects;
  readonly report: Reporter;
}

/** Adds a claim. It is never pruned: data is deleted by people only. */
export function addClaim({ claim, source, volume, app, objects, report }: ClaimParts): void {
  const { className, size = DEFAULT_SIZE, accessMode = "ReadWriteOnce" } = app.settings.cluster.storage ?? {};
  const own = mappingOf(volume["x-overseer"]);
  const wanted = textOf(own.size) ?? size;
  if (!QUANTITY.test(wanted)) report.at("x-overseer", "size").problem("expected a size like 10Gi");
  const storageClassName = textOf(own.className) ?? className;
  const labels = pairsOf(volume.labels).map(({ name, value = "" }) => [name, value]);
  objects.add(
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      name: claim,
      source,
      annotations: {
        [ANNOTATION_PRUNE]: "disabled",
        ...(labels.length === 0 ? {} : { [`${COMPOSE_GROUP}/labels`]: JSON.stringify(Object.fromEntries(labels)) }),
      },
      rest: {
        spec: {
          accessModes: [isTrue(own.shared) ? "ReadWriteMany" : accessMode],
          ...(storageClassName === undefined ? {} : { storageClassName }),
          resources: { requests: { storage: wanted } },
        },
      },
    },
    report,
  );
}
