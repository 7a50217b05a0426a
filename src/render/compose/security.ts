import type { ComposeSource } from "../../api/compose-source.js";
import type { Reporter } from "../overseer/reporter.js";
import type { AppModel, ServiceModel } from "./model.js";
import type { PodVolumes } from "./pod-volumes.js";
import { isTrue, pairsOf, textOf, textsOf } from "./values.js";

type Privilege = NonNullable<ComposeSource["allow"]>[number];

/** Capabilities that the level `baseline` of Pod Security permits. */
const BASELINE = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(
    " ",
  ),
);

/** User and group of a container. */
interface User {
  readonly user: number | undefined;
  readonly group: number | undefined;
}

/** Reports a privilege that the OverseerApp does not allow. Returns whether it is allowed. */
export function requirePrivilege(privilege: Privilege, { settings }: AppModel, report: Reporter): boolean {
  if (settings.cluster.allow?.includes(privilege)) return true;
  report.problem(`is not allowed: add ${privilege} to source.compose.allow of the OverseerApp`);
  return false;
}

/** Returns the security context of a container. `pod` records the level of Pod Security that it needs. */
export function containerSecurity(
  model: ServiceModel,
  app: AppModel,
  pod: PodVolumes,
): Readonly<Record<string, unknown>> {
  const { service, report } = model;
  const { user, group } = userOf(model);
  const isPrivileged = isTrue(service.privileged) && requirePrivilege("Privileged", app, report.at("privileged"));
  const added = capabilities(service.cap_add);
  const dropped = capabilities(service.cap_drop);
  const options = securityOptions(model, pod);
  if (isPrivileged || added.some((name) => !BASELINE.has(name))) pod.needs("privileged");
  const identity = {
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(group === undefined ? {} : { runAsGroup: group }),
    ...(isTrue(service.read_only) ? { readOnlyRootFilesystem: true } : {}),
  };
  if (isPrivileged) return { ...identity, privileged: true };
  // A user other than root has no capabilities anyway, so that the level restricted costs nothing. The one that it permits is kept: the
  // kernel refuses to start a program whose file has a capability that the container cannot have, as web servers of many images do.
  const isRestricted = user !== undefined && user > 0 && added.every((name) => name === "NET_BIND_SERVICE");
  const drop = isRestricted ? ["ALL"] : dropped;
  const keepsPorts = isRestricted && !dropped.includes("ALL") && !dropped.includes("NET_BIND_SERVICE");
  const add = keepsPorts ? ["NET_BIND_SERVICE"] : added;
  const isConfined = isRestricted || (dropped.includes("ALL") && added.every((name) => name === "NET_BIND_SERVICE"));
  if (!isConfined || !isRestricted) pod.needs("baseline");
  const noNewPrivileges = isRestricted || options.noNewPrivileges;
  return {
    ...identity,
    ...(isRestricted ? { runAsNonRoot: true } : {}),
    ...(noNewPrivileges ? { allowPrivilegeEscalation: false } : {}),
    ...(add.length === 0 && drop.length === 0
      ? {}
      : {
          capabilities: {
            ...(add.length === 0 ? {} : { add }),
            ...(drop.length === 0 ? {} : { drop }),
          },
        }),
    seccompProfile: options.seccomp,
    ...(options.apparmor === undefined ? {} : { appArmorProfile: options.apparmor }),
  };
}

function capabilities(value: unknown): string[] {
  return [...new Set(textsOf(value).map((name) => name.toUpperCase().replace(/^CAP_/, "")))];
}

/** Returns the numeric user and group of a service. Names other than root are only known to the image. */
export function userOf({ service, report }: ServiceModel): User {
  const text = textOf(service.user);
  if (text === undefined || text === "") return { user: undefined, group: undefined };
  const [user = "", group] = text.split(":");
  return { user: idOf(user, "user", report), group: group === undefined ? undefined : idOf(group, "group", report) };
}

/** Whether a text is a number that Kubernetes accepts for a user or group. */
export function isId(text: string): boolean {
  return /^[0-9]{1,10}$/.test(text) && Number(text) < 2 ** 31;
}

function idOf(text: string, what: string, report: Reporter): number | undefined {
  if (text === "root") return 0;
  if (isId(text)) return Number(text);
  report.at("user").problem(`expected the number of the ${what}: names are only known to the image`);
  return undefined;
}

interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  readonly seccomp: Readonly<Record<string, string>>;
  readonly apparmor: Readonly<Record<string, string>> | undefined;
}

function securityOptions({ service, report }: ServiceModel, pod: PodVolumes): SecurityOptions {
  let noNewPrivileges = false;
  let seccomp: Readonly<Record<string, string>> = { type: "RuntimeDefault" };
  let apparmor: Readonly<Record<string, string>> | undefined;
  textsOf(service.security_opt).forEach((option, index) => {
    const at = report.at("security_opt", index);
    const [, key = "", value = ""] = /^([^=:]+)[=:]?(.*)$/s.exec(option) ?? [];
    if (key === "no-new-privileges") noNewPrivileges = value !== "false";
    else if (key === "label") at.note("is ignored: the runtime of the cluster labels containers");
    else if (key === "seccomp" && value === "unconfined") {
      seccomp = { type: "Unconfined" };
      pod.needs("privileged");
    } else if (key === "apparmor" && value !== "") {
      apparmor = value === "unconfined" ? { type: "Unconfined" } : { type: "Localhost", localhostProfile: value };
      if (value === "unconfined") pod.needs("privileged");
    } else at.problem("is not supported: expected no-new-privileges, seccomp=unconfined, apparmor or label");
  });
  return { noNewPrivileges, seccomp, apparmor };
}

/** Sysctls that pods may set without a change of the kubelet. */
const SAFE_SYSCTLS = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
]);

/** Returns the sysctls of a pod. Docker lets every user listen on ports below 1024, and so do pods that have a network of their own. */
export function sysctlsOf(
  { service, report }: ServiceModel,
  pod: PodVolumes,
  warnAt: (report: Reporter, message: string) => void,
): readonly { readonly name: string; readonly value: string }[] {
  const own = pairsOf(service.sysctls).map(({ name, value = "", step }) => {
    if (!SAFE_SYSCTLS.has(name)) {
      pod.needs("privileged");
      warnAt(
        report.at("sysctls", step),
        "nodes reject pods with it until the kubelet permits it with --allowed-unsafe-sysctls",
      );
    }
    return { name, value };
  });
  const hasOwnNetwork = textOf(service.network_mode) !== "host";
  const isSet = own.some(({ name }) => name === "net.ipv4.ip_unprivileged_port_start");
  return hasOwnNetwork && !isSet ? [...own, { name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] : own;
}
