import { HostRules } from "../base/host-rules.js";

/** Flags that list hosts. */
type HostFlag =
  | "allowed-git-hosts"
  | "notification-hosts"
  | "secret-store-hosts"
  | "allowed-chart-hosts"
  | "allowed-remote-base-hosts";

/** Hosts that the operator may connect to on behalf of users. */
export interface HostSettings {
  /** Hosts that GitRepositories may use. */
  readonly allowedGitHosts: HostRules;
  /** Hosts without public addresses that NotificationChannels may use. */
  readonly notificationHosts: HostRules;
  /** Hosts without public addresses that secret stores of apps may have. */
  readonly secretStoreHosts: HostRules;
  /** Hosts that charts may be pulled from. */
  readonly allowedChartHosts: HostRules;
  /** Hosts that remote bases of Kustomize may be fetched from. */
  readonly allowedRemoteBaseHosts: HostRules;
}

/** Returns the rules of the flags about hosts. */
export function hostSettings(values: Readonly<Partial<Record<HostFlag, readonly string[] | undefined>>>): HostSettings {
  return {
    allowedGitHosts: allUnless(values["allowed-git-hosts"]),
    notificationHosts: new HostRules(values["notification-hosts"] ?? []),
    secretStoreHosts: new HostRules(values["secret-store-hosts"] ?? []),
    allowedChartHosts: allUnless(values["allowed-chart-hosts"]),
    allowedRemoteBaseHosts: new HostRules(values["allowed-remote-base-hosts"] ?? []),
  };
}

function allUnless(hosts: readonly string[] | undefined): HostRules {
  return new HostRules(hosts?.length ? hosts : undefined);
}
