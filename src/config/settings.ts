import { z } from "zod";
import { parseDuration } from "../base/duration.js";
import { FAILPOINTS } from "../base/failpoint.js";
import { isHostPattern } from "../base/host-rules.js";
import { API_SETTING_SCHEMAS } from "./api-settings.js";
import type { SettingName } from "./options.js";
import { shardsSetting } from "./shards.js";

/** Address to listen on. */
export interface ListenAddress {
  /** Defaults to all interfaces. */
  readonly host?: string;
  /** 0 selects any free port. */
  readonly port: number;
}

/** Roles of a process. Each can run alone, and several processes can have the same role. */
export const ROLES = ["controller", "server", "api"] as const;
export type RoleName = (typeof ROLES)[number];
/** Roles of a process without --roles. The API is served only if it is asked for. */
export const DEFAULT_ROLES: readonly RoleName[] = ["controller", "server"];

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]*)):([0-9]{1,5})$/;

const text = z.string().trim().min(1, "must not be empty");

const address = z.string().transform((value, context): ListenAddress => {
  const match = ADDRESS.exec(value.trim());
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_535) {
    context.addIssue({
      code: "custom",
      message: "must be like :8080, 127.0.0.1:8080 or [::1]:8080, with a port up to 65535",
    });
    return z.NEVER;
  }
  const host = match[1] ?? match[2] ?? "";
  return host === "" ? { port } : { host, port };
});

const namespaces = z.string().transform((value, context): readonly string[] => {
  const names = [
    ...new Set(
      value
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    ),
  ];
  const invalid = names.find((name) => !NAMESPACE.test(name));
  if (invalid === undefined) return names;
  context.addIssue({
    code: "custom",
    message: `contains ${JSON.stringify(invalid)}, which is not a valid namespace name`,
  });
  return z.NEVER;
});

const managers = z.string().transform((value, context): readonly string[] => {
  const names = value.split(",").map((name) => name.trim());
  const given = names.filter((name) => name !== "");
  const invalid = given.find((name) => !/^[^*\s]{1,128}\*?$/.test(name));
  if (invalid === undefined) return given;
  context.addIssue({
    code: "custom",
    message: `contains ${JSON.stringify(invalid)}: must be the name of a field manager, with at most 128 characters and optionally a * at the end`,
  });
  return z.NEVER;
});

const hosts = z.string().transform((value, context): readonly string[] => {
  const patterns = value.split(",").map((pattern) => pattern.trim());
  const given = patterns.filter((pattern) => pattern !== "");
  if (given.every(isHostPattern)) return given;
  context.addIssue({
    code: "custom",
    message: "must be a comma-separated list of hosts like git.example.com, *.example.com or git.example.com:8443",
  });
  return z.NEVER;
});

const webUrl = text.refine((value) => {
  const sample = value.replaceAll("{namespace}", "n").replaceAll("{name}", "n");
  return /^https?:/.test(sample) && URL.canParse(sample) && !/[{}]/.test(sample);
}, "must be an http:// or https:// URL, like https://gitops.example.com/{namespace}/{name}");

const ACCOUNT = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** ServiceAccounts as `namespace/name`. */
const accounts = z.string().transform((value, context): readonly string[] => {
  const names = value.split(",").map((name) => name.trim());
  const given = names.filter((name) => name !== "");
  const invalid = given.find((name) => !ACCOUNT.test(name));
  if (invalid === undefined) return given;
  context.addIssue({
    code: "custom",
    message: `contains ${JSON.stringify(invalid)}, which is not like namespace/name`,
  });
  return z.NEVER;
});

const roles = z.string().transform((value, context): ReadonlySet<RoleName> => {
  const names = value.split(",").map((name) => name.trim());
  const known = ROLES.filter((role) => names.includes(role));
  if (names.every((name) => known.some((role) => role === name))) return new Set(known);
  context.addIssue({ code: "custom", message: `must be some of ${ROLES.join(", ")}, separated by commas` });
  return z.NEVER;
});

const digits = z
  .string()
  .trim()
  .regex(/^[0-9]+$/, "must be a whole number");
const count = (min: number, max: number) =>
  digits.transform(Number).pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

const duration = text.transform((value, context): number => {
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= 100 && ms <= 3_600_000) return ms;
  context.addIssue({ code: "custom", message: "must be a duration between 100ms and 1h, like 15s" });
  return z.NEVER;
});

const seconds = duration.refine((ms) => ms >= 2000 && ms % 1000 === 0, "must be whole seconds, at least 2s");

const objectName = text.regex(
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  "must be a name of lowercase letters, digits, dashes and dots",
);

const failpoint = text.transform((value, context) => {
  const [name, occurrence = "1"] = value.split("#");
  const point = FAILPOINTS.find((known) => known === name);
  if (point !== undefined && /^[1-9][0-9]{0,5}$/.test(occurrence)) return { point, occurrence: Number(occurrence) };
  context.addIssue({
    code: "custom",
    message: `must be one of ${FAILPOINTS.join(", ")}, optionally followed by #N for the Nth occurrence`,
  });
  return z.NEVER;
});

const MIB = 2 ** 20;

/** Parses and validates the text of each setting. */
export const SETTING_SCHEMAS = {
  kubeconfig: text,
  context: text,
  roles,
  "server-address": address,
  "api-address": address,
  ...API_SETTING_SCHEMAS,
  "internal-address": address,
  "internal-callers": accounts,
  "metrics-address": address,
  "metrics-per-app": z.enum(["true", "false"], "must be true or false").transform((value) => value === "true"),
  "log-level": z.enum(["error", "warn", "info", "debug"], "must be error, warn, info or debug"),
  "cache-dir": text,
  "audit-dir": text,
  "git-engine": z.enum(["auto", "native", "isomorphic"], "must be auto, native or isomorphic"),
  "allowed-git-hosts": hosts,
  "notification-hosts": hosts,
  "secret-store-hosts": hosts,
  "allowed-chart-hosts": hosts,
  "allowed-remote-base-hosts": hosts,
  "refuse-plaintext-secrets": z.enum(["true", "false"], "must be true or false").transform((value) => value === "true"),
  "commit-status-url": webUrl,
  "git-cache-bytes": count(0, Number.MAX_SAFE_INTEGER),
  // A Node.js buffer holds at most 2 GiB.
  "git-max-fetch-bytes": count(MIB, 2 ** 31 - 1),
  "git-max-object-bytes": count(MIB, 2 ** 31 - 1),
  "max-file-bytes": count(1024, 256 * MIB),
  "max-source-bytes": count(1024, 1024 * MIB),
  "max-source-files": count(1, 1_000_000),
  kubectl: text,
  helm: text,
  sops: text,
  "render-timeout": duration,
  "render-cache-bytes": count(0, Number.MAX_SAFE_INTEGER),
  "watch-namespaces": namespaces,
  shards: shardsSetting,
  "trusted-namespaces": namespaces,
  "trusted-service-account": objectName,
  "approving-service-accounts": accounts,
  concurrency: count(1, 256),
  "apply-concurrency": count(1, 256),
  "user-field-managers": managers,
  "controller-field-managers": managers,
  identity: text.max(128, "must have at most 128 characters"),
  "leader-election": z.enum(["true", "false"], "must be true or false").transform((value) => value === "true"),
  "lease-name": objectName,
  "lease-duration": seconds,
  "lease-renew-deadline": duration,
  "lease-retry-period": duration,
  failpoint,
} as const satisfies Readonly<Record<SettingName, z.ZodType>>;
