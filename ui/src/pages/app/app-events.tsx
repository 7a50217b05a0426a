import type { AppDetail } from "../../api/types.js";
/** Events. */
export function AppEvents({ app }: { readonly app: AppDetail }) {
  return <p>{app.row.objects}</p>;
}
