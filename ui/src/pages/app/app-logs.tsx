import type { AppDetail } from "../../api/types.js";
/** Logs. */
export function AppLogs({ app }: { readonly app: AppDetail }) {
  return <p>{app.row.objects}</p>;
}
