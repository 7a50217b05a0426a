import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../base/duration.js";
import type { Output } from "./output/objects.js";

/** Flags of every command that talks to a cluster, with the names of kubectl. */
export interface ClusterFlags {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly token?: string;
  /** URL of the REST API, in place of a cluster. */
  readonly server?: string;
  /** Milliseconds; 0 is no limit. */
  readonly requestTimeout: number;
  readonly quiet?: boolean;
}

/** Flags of commands that print. */
export interface OutputFlags {
  readonly output?: Output;
}

/** Flags of commands that name several objects. */
export interface SelectionFlags {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
}

/** Adds the flags of the connection, each with its environment variable. */
export function withClusterFlags(command: Command): Command {
  return command
    .addOption(env(new Option("-n, --namespace <NAME>", "namespace; defaults to that of the context")))
    .addOption(env(new Option("--context <NAME>", "context of the kubeconfig; defaults to the current one")))
    .addOption(env(new Option("--kubeconfig <FILE>", "kubeconfig; defaults to KUBECONFIG, then ~/.kube/config")))
    .addOption(env(new Option("--as <USER>", "user to impersonate")))
    .addOption(new Option("--as-group <GROUP>", "group to impersonate; may be repeated").argParser(collect))
    .addOption(env(new Option("--token <TOKEN>", "bearer token, in place of the credentials of the kubeconfig")))
    .addOption(env(new Option("--server <URL>", "REST API to use in place of a kubeconfig")))
    .addOption(requestTimeout("15s"))
    .addOption(new Option("-q, --quiet", "print no progress and no hints"));
}

/** Adds the flags of a connection to the REST API, for commands that do not use a cluster. */
export function withServerFlags(command: Command): Command {
  return command
    .addOption(env(new Option("--server <URL>", "REST API, such as https://gitops.example.com")))
    .addOption(env(new Option("--token <TOKEN>", "bearer token for --server; defaults to the one of the last sign-in")))
    .addOption(requestTimeout("30s"));
}

function requestTimeout(fallback: string): Option {
  return env(new Option("--request-timeout <DURATION>", "time limit of one request, such as 15s; 0 is none"))
    .argParser(duration)
    .default(duration(fallback), fallback);
}

/** Adds `-o`. `formats` are those that the command has. */
export function withOutput(command: Command, formats: readonly NonNullable<Output>[]): Command {
  return command.addOption(env(new Option("-o, --output <FORMAT>", "output format").choices(formats)));
}

/** Adds `-A` and `-l`. */
export function withSelection(command: Command): Command {
  return command
    .option("-A, --all-namespaces", "objects of all namespaces")
    .option("-l, --selector <SELECTOR>", "only objects with these labels, such as team=shop");
}

/** Adds `--timeout`. */
export function withTimeout(command: Command, fallback: string): Command {
  return command.addOption(
    env(new Option("--timeout <DURATION>", "how long to wait"))
      .argParser(duration)
      .default(parseDuration(fallback), fallback),
  );
}

/** `--as-group` becomes OVERSEER_AS_GROUP and so on. */
function env(option: Option): Option {
  return option.env(`OVERSEER_${option.name().toUpperCase().replaceAll("-", "_")}`);
}

/** Collects the values of a flag that may be repeated. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Reads a duration into milliseconds. A number without a unit is in seconds, as in kubectl. */
export function duration(text: string): number {
  const ms = /^\d{1,6}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a duration such as 90s, 5m or 1h30m.");
  return ms;
}

/**
 * Moves flags that stand before the command behind it, so that `overseer -n shop get apps` works as in kubectl. `takesValue` reports
 * whether a flag is followed by its value.
 */
export function flagsAfterCommand(args: readonly string[], takesValue: (flag: string) => boolean): readonly string[] {
  let end = 0;
  while (end < args.length && /^-./.test(args[end] ?? "") && args[end] !== "--") {
    const flag = args[end] ?? "";
    end += !flag.includes("=") && takesValue(flag) ? 2 : 1;
  }
  if (end === 0 || end >= args.length) return args;
  const [flags, rest] = [args.slice(0, end), args.slice(end)];
  const stop = rest.indexOf("--");
  return stop < 0 ? [...rest, ...flags] : [...rest.slice(0, stop), ...flags, ...rest.slice(stop)];
}
