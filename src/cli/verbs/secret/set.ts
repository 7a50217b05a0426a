import { buffer } from "node:stream/consumers";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { age } from "../../output/age.js";
import { jsonOutput } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { hint, print } from "../../terminal.js";
import { readValues } from "./secret-values.js";

/** Flags of `overseer secret set`. */
export interface SetFlags extends ClusterFlags {
  readonly type?: string;
  readonly replace?: boolean;
}
/** Flags of `overseer secret list`. */
export type ListFlags = ClusterFlags & { readonly output?: "json"; readonly allNamespaces?: boolean };

/** Creates a Secret that is kept out of Git, or sets some of its keys. Prints names only. */
export async function setSecret(name: string, items: readonly string[], flags: SetFlags): Promise<ExitCode> {
  const data = await readValues(items, { env: process.env, stdin: () => buffer(process.stdin) });
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
    throw new UsageError(`${JSON.stringify(name)} is not the name of a Secret`);
  return withConnection(flags, async (connection) => {
    const changed = await connection.setSecret({ name, data, type: flags.type, replace: flags.replace === true });
    const what = changed.length === 0 ? "nothing changed" : `${[...changed].sort().join(", ")} set`;
    print(`Secret ${connection.namespace}/${name}: ${what}\n`);
    hint(flags, "It is kept out of Git: no app overwrites or deletes it. Apps wait for it by source.requiredSecrets.");
    return EXIT.done;
  });
}

/** Lists the Secrets that are kept out of Git, with who set them and when. Values are not requested. */
export function listSecrets(flags: ListFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const namespace = flags.allNamespaces === true ? "" : connection.namespace;
    const rows = await connection.pushedSecrets(namespace);
    if (flags.output === "json") print(jsonOutput(rows));
    else if (rows.length === 0)
      hint(flags, `no Secret was set by overseer secret set in ${namespace === "" ? "any namespace" : namespace}`);
    else
      print(
        formatTable(
          ["namespace", "name", "set by", "age"],
          rows.map(({ namespace: place, name, setBy, setAt }) => [place, name, setBy, age(setAt)]),
        ),
      );
    return EXIT.done;
  });
}
