import { Option } from "commander";
import { duration, withServerFlags } from "../flags.js";
import type { AddVerbs } from "../verb.js";
import type { AuditFlags } from "./audit/audit-flags.js";

/** Adds the commands about the audit trail. */
export const addAudit: AddVerbs = (program, finish) => {
  const audit = program
    .command("audit")
    .summary("show, export and verify the audit trail")
    .description("Show, export and verify the audit trail.")
    .addHelpText(
      "after",
      `
Examples:
  OVERSEER_TOKEN=$(kubectl create token auditor) overseer audit list --server https://gitops.example.com --since 24h
  overseer audit list audit.jsonl --user ann --app shop/web
  kubectl logs deployment/overseer-gitops | overseer audit list -
  overseer audit verify audit-000000012000.jsonl audit.jsonl`,
    );
  const list = audit
    .command("list", { isDefault: true })
    .argument("[FILE...]", "files of audit records or logs; - for standard input")
    .summary("list records, newest first")
    .description(
      "List records, newest first: of the REST API at --server, or of files. The REST API requires the permission to list auditrecords.gitops.overseer.io.",
    )
    .addOption(new Option("--since <DURATION>", "only records of this time, such as 24h").argParser(duration))
    .option("--user <NAME>", "only actions of this user; overseer-gitops for the operator")
    .option("--app <NAMESPACE/NAME>", "only actions on this app, or on another object of this name")
    .option("--verb <VERB>", "only actions with this verb, such as approve")
    .addOption(new Option("--limit <NUMBER>", "at most this number of records; defaults to all").argParser(Number))
    .addOption(
      new Option("-o, --output <FORMAT>", "json prints a record per line, as it is stored").choices(["json", "table"]),
    )
    .action(async (files: string[], flags: AuditFlags) => {
      const { listAudit } = await import("./audit/audit.js");
      finish(await listAudit(files, flags));
    });
  withServerFlags(list);
  audit
    .command("verify")
    .argument("<FILE...>", "files of records, the oldest first; - for standard input")
    .summary("verify that no record was changed, removed or added")
    .description(
      "Verify the chain of records in files, which are given in their order, the oldest first. Exit code 1 if a record was changed, removed or added.",
    )
    .action(async (files: string[]) => {
      const { verifyAudit } = await import("./audit/verify.js");
      finish(await verifyAudit(files));
    });
};
