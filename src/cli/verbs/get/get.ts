import type { RawObject } from "../../../kube/object.js";
import type { Connection, Scope, ServerTable } from "../../connection/connection.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags, SelectionFlags } from "../../flags.js";
import { findKind, type Kind, kindOf } from "../../kinds.js";
import { formatObjects } from "../../output/objects.js";
import { parseTarget, type Target } from "../../target.js";
import { print, say } from "../../terminal.js";
import { formatServerTable } from "./server-table.js";
import { watchObjects } from "./watch.js";

/** Flags of `overseer get`. */
export interface GetFlags extends ClusterFlags, OutputFlags, SelectionFlags {
  readonly watch?: boolean;
  readonly headers?: boolean;
}

/** Runs `overseer get`. */
export function get(kinds: string, names: readonly string[], flags: GetFlags): Promise<ExitCode> {
  const wanted = wantedOf(kinds, names);
  if (wanted.targets.length > 0 && (flags.selector !== undefined || flags.allNamespaces === true))
    throw new UsageError("names cannot be combined with -l or -A");
  if (flags.watch === true && (wanted.kinds.length > 1 || wanted.targets.length > 1))
    throw new UsageError("-w takes one kind, or one name");
  return withConnection(flags, (connection) => {
    if (flags.watch === true) return watch(connection, wanted, flags);
    if (flags.output === "json" || flags.output === "yaml" || flags.output === "name")
      return printObjects(connection, wanted, flags, flags.output);
    return printTables(connection, wanted, flags);
  });
}

interface Wanted {
  readonly kinds: readonly Kind[];
  /** Empty: all objects of the kinds. */
  readonly targets: readonly Target[];
}

/** `apps`, `apps,changes`, `app web`, `app web api`, `app/web change/web-1`. */
function wantedOf(first: string, rest: readonly string[]): Wanted {
  if (first.includes("/")) {
    const targets = [first, ...rest].map((text) => {
      if (!text.includes("/"))
        throw new UsageError(`${JSON.stringify(text)} has no kind: use KIND/NAME, as in the other names`);
      const [kind = ""] = text.split("/");
      return parseTarget(text, kindOf(kind));
    });
    return { kinds: [...new Set(targets.map(({ kind }) => kind))], targets };
  }
  const kinds = [
    ...new Set(
      first
        .split(",")
        .filter((name) => name !== "")
        .map(kindOf),
    ),
  ];
  const [kind] = kinds;
  if (kind === undefined) throw new UsageError("name a kind, such as apps");
  if (rest.length > 0 && kinds.length > 1) throw new UsageError("names cannot be combined with several kinds");
  // In `get app shop/web`, the kind is known: what the slash separates is the namespace.
  const targets = rest.map((text) => {
    const [namespace = "", name] = text.split("/");
    if (name === undefined) return { kind, name: text };
    return findKind(namespace) === kind ? { kind, name } : { kind, namespace, name };
  });
  return { kinds, targets };
}

function scopeOf(connection: Connection, { allNamespaces, selector }: SelectionFlags): Scope {
  return { namespace: allNamespaces === true ? "" : connection.namespace, selector };
}

async function printObjects(
  connection: Connection,
  { kinds, targets }: Wanted,
  flags: GetFlags,
  output: "json" | "yaml" | "name",
): Promise<ExitCode> {
  const objects: RawObject[] = [];
  for (const target of targets) objects.push(await connection.get(target));
  for (const kind of targets.length > 0 ? [] : kinds) {
    const { items } = await connection.list(kind, scopeOf(connection, flags));
    // Items of a list have no kind of their own.
    objects.push(
      ...items.map((item) => ({
        ...item,
        apiVersion: item.apiVersion ?? "gitops.overseer.io/v1alpha1",
        kind: kind.kind,
      })),
    );
  }
  print(await formatObjects(objects, output, targets.length !== 1));
  return EXIT.done;
}

async function printTables(connection: Connection, { kinds, targets }: Wanted, flags: GetFlags): Promise<ExitCode> {
  const view = { wide: flags.output === "wide", withoutHeader: flags.headers === false };
  const tables: string[] = [];
  for (const kind of kinds) {
    const table =
      targets.length > 0
        ? await tableOf(
            connection,
            targets.filter((target) => target.kind === kind),
          )
        : await connection.table(kind, scopeOf(connection, flags));
    const more = { namespaces: flags.allNamespaces === true, kind: kinds.length > 1 ? kind : undefined };
    tables.push(formatServerTable(table, { ...view, ...more }));
  }
  const shown = tables.filter((text) => text !== "");
  if (shown.length === 0) say(emptyText(connection, flags));
  print(shown.join("\n"));
  return EXIT.done;
}

/** What kubectl says, and for those who have chosen no namespace how to see all of them. */
function emptyText({ namespace }: Connection, flags: GetFlags): string {
  if (flags.allNamespaces === true) return "No resources found";
  const text = `No resources found in namespace ${namespace}.`;
  return flags.namespace === undefined && flags.selector === undefined ? `${text} List all namespaces with -A.` : text;
}

/** One table with a row for each name. */
async function tableOf(connection: Connection, targets: readonly Target[]): Promise<ServerTable> {
  const tables: ServerTable[] = [];
  for (const target of targets) {
    // Get by name, so that an error has the nearest name; the table then has this object only.
    const object = await connection.get(target);
    const scope = { namespace: connection.namespaceOf(target), fields: `metadata.name=${object.metadata.name}` };
    tables.push(await connection.table(target.kind, scope));
  }
  const [first] = tables;
  return { columnDefinitions: first?.columnDefinitions ?? [], rows: tables.flatMap(({ rows }) => rows) };
}

/** Watches all objects of a kind, or one. */
async function watch(connection: Connection, { kinds, targets }: Wanted, flags: GetFlags): Promise<never> {
  const [kind] = kinds;
  if (kind === undefined) throw new UsageError("name a kind, such as apps");
  const [target] = targets;
  // A name that does not exist is more likely an error than an object to come.
  if (target !== undefined) await connection.get(target);
  const scope: Scope =
    target === undefined
      ? scopeOf(connection, flags)
      : { namespace: connection.namespaceOf(target), fields: `metadata.name=${target.name}` };
  return watchObjects(connection, kind, scope, {
    output: flags.output,
    wide: flags.output === "wide",
    namespaces: flags.allNamespaces === true,
    withoutHeader: flags.headers === false,
  });
}
