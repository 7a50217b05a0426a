import { type AuditRecord, ChainVerifier } from "../../../audit/record.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import { print } from "../../terminal.js";
import { readLines, recordIn } from "./read-lines.js";

/** Runs `overseer audit verify`. */
export async function verifyAudit(files: readonly string[]): Promise<ExitCode> {
  const chain = new ChainVerifier();
  let [count, others] = [0, 0];
  for await (const line of readLines(files)) {
    const text = recordIn(line);
    // Among the lines of a log are others; in a file, a damaged line is no record any more.
    if (text === undefined && /"msg":/.test(line)) others++;
    else {
      const why = chain.next(text ?? line);
      if (why !== undefined) {
        const after = chain.last === undefined ? "at the beginning" : `after record ${chain.last.number}`;
        throw new CommandError(`the chain is broken ${after}: ${why}`, EXIT.failed);
      }
      count++;
    }
  }
  if (count === 0) throw new CommandError(`no audit record in ${files.join(", ")}`, EXIT.failed);
  print(
    `${count} records are intact${others > 0 ? ` among ${others} other lines` : ""}.\n${endOf(chain.first, chain.last)}`,
  );
  return EXIT.done;
}

function endOf(first: AuditRecord | undefined, last: AuditRecord | undefined): string {
  if (first === undefined || last === undefined) return "";
  const begin =
    first.number === 1 ? "" : `Older records, before number ${first.number}, are not part of what was verified.\n`;
  return `${begin}The last one is number ${last.number} of ${last.time}, hash ${last.hash}.\nRecords that were cut off at the end do not show: compare this hash with the log.\n`;
}
