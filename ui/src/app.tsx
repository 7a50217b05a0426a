import { useEffect, useMemo, useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from "preact-iso";
import { goLive } from "./api/live.js";
import { useApi } from "./api/query.js";
import type { Whoami } from "./api/types.js";
import { Button } from "./components/button.js";
import { Empty, ErrorNotice, Skeleton } from "./components/messages.js";
import { Announcement } from "./frame/announcement.js";
import { ConnectionBanner } from "./frame/connection-dot.js";
import { TopBar } from "./frame/top-bar.js";
import { BASE, href } from "./navigation/base.js";
import { lazyPart } from "./navigation/lazy-part.js";
import { useKeys } from "./navigation/shortcuts.js";
import { NotFoundPage } from "./pages/not-found-page.js";
import { SignInPage } from "./pages/sign-in-page.js";
import { signedOut } from "./state/session.js";

const AppsPage = lazyPart(() => import("./pages/apps/apps-page.js").then((module) => module.AppsPage));
const AppPage = lazyPart(() => import("./pages/app/app-page.js").then((module) => module.AppPage));
const ChangesPage = lazyPart(() => import("./pages/change/changes-page.js").then((module) => module.ChangesPage));
const ChangePage = lazyPart(() => import("./pages/change/change-page.js").then((module) => module.ChangePage));
const RepositoriesPage = lazyPart(() =>
  import("./pages/repositories/repositories-page.js").then((module) => module.RepositoriesPage),
);
const RepositoryPage = lazyPart(() =>
  import("./pages/repositories/repository-page.js").then((module) => module.RepositoryPage),
);
const EnvironmentsPage = lazyPart(() =>
  import("./pages/environments/environments-page.js").then((module) => module.EnvironmentsPage),
);
const CorePage = lazyPart(() => import("./pages/core/core-page.js").then((module) => module.CorePage));
const AuditPage = lazyPart(() => import("./pages/audit/audit-page.js").then((module) => module.AuditPage));
const Finder = lazyPart(() => import("./frame/finder.js").then((module) => module.Finder));
const ShortcutHelp = lazyPart(() => import("./frame/shortcut-help.js").then((module) => module.ShortcutHelp));

/** The whole UI: the page for signing in, or the frame with a page in it. */
export function App() {
  const { data: user, error, retry } = useApi<Whoami>("whoami");
  if (signedOut.value || error?.status === 401) return <SignInPage />;
  if (error && user === undefined) return <main class="sign-in">{<ErrorNotice error={error} retry={retry} />}</main>;
  if (user === undefined) return <Skeleton rows={1} />;
  return (
    <LocationProvider scope={BASE}>
      <Frame user={user} />
    </LocationProvider>
  );
}

function Frame({ user }: { readonly user: Whoami }) {
  const [dialog, setDialog] = useState<"finder" | "help">();
  const { route } = useLocation();
  useEffect(() => goLive(user.name), [user.name]);
  useFinderKey(() => setDialog("finder"));
  useKeys(
    useMemo(
      () => ({
        "g a": () => route(href("apps")),
        "g c": () => route(href("changes")),
        "g e": () => route(href("environments")),
        "g r": () => route(href("repositories")),
        "g o": () => route(href("core")),
        "g u": () => route(href("audit")),
        "?": () => setDialog("help"),
      }),
      [route],
    ),
  );
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <TopBar user={user} onSearch={() => setDialog("finder")} />
      <main id="main" tabIndex={-1}>
        <ConnectionBanner />
        <Pages />
      </main>
      <Announcement />
      <ErrorBoundary>
        {dialog === "finder" && <Finder onClose={() => setDialog(undefined)} />}
        {dialog === "help" && <ShortcutHelp onClose={() => setDialog(undefined)} />}
      </ErrorBoundary>
    </>
  );
}

/** The page of the address. A page that fails does not take the frame down. */
function Pages() {
  const [failure, setFailure] = useState<Error>();
  const { url } = useLocation();
  // Another page may work.
  useEffect(() => setFailure(undefined), [url]);
  if (failure !== undefined) {
    return (
      <Empty title="This page failed" actions={<Button onClick={() => location.reload()}>Load again</Button>}>
        <p>{failure.message}</p>
      </Empty>
    );
  }
  return (
    <ErrorBoundary onError={setFailure}>
      <Router onRouteChange={focusHeading}>
        <Route path={BASE} component={AppsPage} />
        <Route path={href("apps")} component={AppsPage} />
        <Route path={href("apps/:namespace/:name/:tab?")} component={AppPage} />
        <Route path={href("changes")} component={ChangesPage} />
        <Route path={href("changes/:namespace/:name")} component={ChangePage} />
        <Route path={href("environments")} component={EnvironmentsPage} />
        <Route path={href("repositories")} component={RepositoriesPage} />
        <Route path={href("repositories/:namespace/:name")} component={RepositoryPage} />
        <Route path={href("core")} component={CorePage} />
        <Route path={href("audit")} component={AuditPage} />
        <Route default component={NotFoundPage} />
      </Router>
    </ErrorBoundary>
  );
}

/** After navigation, the focus is at the heading of the new page, as screen readers expect. */
function focusHeading(): void {
  requestAnimationFrame(() => {
    if (document.activeElement === document.body || document.activeElement === null)
      document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  });
}

/** Ctrl+K opens the finder from everywhere, also from fields. */
function useFinderKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      open();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  });
}
