import { href } from "./base.js";

/** Tabs of the page of an app, by their segment of the URL; the first is the page itself. */
export const APP_TABS = ["", "tree", "drift", "changes", "events", "logs", "config"] as const;
export type AppTab = (typeof APP_TABS)[number];

/** Address of an app, or of a tab of its page. */
export function appLink(namespace: string, name: string, tab: AppTab = ""): string {
  return href(`apps/${namespace}/${name}${tab === "" ? "" : `/${tab}`}`);
}

/** Address of a Change. */
export function changeLink(namespace: string, name: string): string {
  return href(`changes/${namespace}/${name}`);
}

/** Address of a repository. */
export function repositoryLink(namespace: string, name: string): string {
  return href(`repositories/${namespace}/${name}`);
}

/** Address of the list of apps with a filter. */
export function appsLink(filter: string): string {
  return `${href("apps")}?q=${encodeURIComponent(filter)}`;
}
