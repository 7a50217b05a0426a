import { useLocation } from "preact-iso";
import { useApi } from "../api/query.js";
import type { ChangeList, Whoami } from "../api/types.js";
import { Icon, type IconName, Mark } from "../components/icon.js";
import { BASE, href } from "../navigation/base.js";
import { ConnectionDot } from "./connection-dot.js";
import { UserMenu } from "./user-menu.js";

/** The sections, in the order of the bar. Small screens have the short labels, at the lower edge. */
const SECTIONS: readonly {
  readonly path: string;
  readonly label: string;
  readonly short: string;
  readonly icon: IconName;
}[] = [
  { path: "apps", label: "Apps", short: "Apps", icon: "apps" },
  { path: "changes", label: "Changes", short: "Changes", icon: "changes" },
  { path: "environments", label: "Environments", short: "Envs", icon: "environments" },
  { path: "repositories", label: "Repositories", short: "Repos", icon: "repositories" },
  { path: "core", label: "Core", short: "Core", icon: "core" },
  { path: "audit", label: "Audit", short: "Audit", icon: "audit" },
];

/** The bar with the sections, the state of the connection and the user. */
export function TopBar({ user, onSearch }: { readonly user: Whoami; readonly onSearch: () => void }) {
  const { path } = useLocation();
  const mine = useApi<ChangeList>("changes?mine=true&limit=1").data?.total ?? 0;
  const current = path.slice(BASE.length).split("/")[0] ?? "";
  return (
    <header class="bar">
      <a class="bar-brand" href={href("apps")}>
        <Mark />
        <span>Overseer</span>
      </a>
      <nav class="bar-sections" aria-label="Sections">
        {SECTIONS.map((section) => (
          <a
            key={section.path}
            href={href(section.path)}
            aria-current={current === section.path ? "page" : undefined}
            class="bar-link"
          >
            <Icon name={section.icon} />
            <span class="bar-long">{section.label}</span>
            <span class="bar-short">{section.short}</span>
            {section.path === "changes" && mine > 0 && (
              <span class="count">
                {mine}
                <span class="sr-only"> waiting for you</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <div class="bar-end">
        <button type="button" class="bar-search" onClick={onSearch}>
          <Icon name="search" />
          <span>Go to</span>
          <kbd>Ctrl K</kbd>
        </button>
        <ConnectionDot />
        <UserMenu user={user} />
      </div>
    </header>
  );
}
