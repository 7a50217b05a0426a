import type { ServerTable } from "../../connection/connection.js";
import type { Kind } from "../../kinds.js";
import { formatTable } from "../../output/table.js";

/** How a table is shown. */
export interface TableView {
  readonly wide: boolean;
  /** Adds the column Namespace. */
  readonly namespaces: boolean;
  /** Shows names as `kind.group/name`: there are several kinds. */
  readonly kind?: Kind | undefined;
  readonly withoutHeader?: boolean;
}

/** Formats a list that the API server has formatted, as kubectl does. */
export function formatServerTable({ columnDefinitions, rows }: ServerTable, view: TableView): string {
  const shown = columnDefinitions.flatMap(({ name, priority }, index) =>
    priority === 0 || view.wide ? [{ name, index }] : [],
  );
  const header = [...(view.namespaces ? ["Namespace"] : []), ...shown.map(({ name }) => name)];
  const lines = rows.map(({ cells, object }) => [
    ...(view.namespaces ? [object.metadata.namespace] : []),
    ...shown.map(({ name, index }) => {
      const text = cellText(cells[index]);
      return name === "Name" && view.kind !== undefined ? `${view.kind.names[0]}/${text}` : text;
    }),
  ]);
  return formatTable(header, lines, view.withoutHeader === true ? { withoutHeader: true } : {});
}

function cellText(cell: unknown): string {
  return cell === null || cell === undefined ? "" : String(cell);
}
