import type { AppDetail } from "../../api/types.js";
/** The objects of the app. */
export function AppTree({ app }: { readonly app: AppDetail }) {
  return <p>{app.row.objects}</p>;
}
