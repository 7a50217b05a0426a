import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useApi } from "../api/query.js";
import type { AppList, ChangeList } from "../api/types.js";
import { Dialog } from "../components/dialog.js";
import { State } from "../components/state.js";
import { href } from "../navigation/base.js";
import { appLink, changeLink } from "../navigation/links.js";

interface Hit {
  readonly to: string;
  readonly label: string;
  readonly detail: string;
  readonly state?: string;
}

const PAGES: readonly Hit[] = [
  { to: href("apps"), label: "Apps", detail: "Page" },
  { to: href("changes"), label: "Changes", detail: "Page" },
  { to: href("environments"), label: "Environments", detail: "Page" },
  { to: href("repositories"), label: "Repositories", detail: "Page" },
  { to: href("core"), label: "Core", detail: "Page" },
  { to: href("audit"), label: "Audit", detail: "Page" },
];
const MOST_HITS = 8;

/** Goes to an app, a Change or a page by a few letters of its name. */
export function Finder({ onClose }: { readonly onClose: () => void }) {
  const { route } = useLocation();
  const [text, setText] = useState("");
  const [index, setIndex] = useState(0);
  const query = text.trim() === "" ? undefined : encodeURIComponent(`"${text.trim().replace(/["\\]/g, "")}"`);
  const apps = useApi<AppList>(query && `apps?q=${query}&limit=${MOST_HITS}`, { keep: true });
  const changes = useApi<ChangeList>(query && `changes?q=${query}&limit=4`, { keep: true });
  const loading = query !== undefined && [apps, changes].some(({ pending, old }) => pending || old);
  const hits = hitsOf(text, apps.data, changes.data);
  // A name and Enter, typed at once, mean what has this name, not what is shown until it is found.
  const [entered, setEntered] = useState(false);
  const current = Math.min(index, hits.length - 1);
  const open = (hit: Hit | undefined): void => {
    if (hit === undefined) return;
    onClose();
    route(hit.to);
  };
  useEffect(() => {
    if (entered && !loading) open(hits[current]);
  }, [entered, loading]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && loading) setEntered(true);
    else if (event.key === "Enter") open(hits[current]);
    else if (step !== undefined) setIndex((current + step + hits.length) % Math.max(hits.length, 1));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <input
        class="input"
        type="text"
        role="combobox"
        aria-label="Name of an app, a Change or a page"
        aria-expanded="true"
        aria-controls="finder-hits"
        aria-activedescendant={hits.length > 0 ? `finder-${current}` : undefined}
        placeholder="Name of an app, a Change or a page"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setIndex(0);
          setEntered(false);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="finder-hits" role="listbox" aria-label="Results" class="hits">
        {hits.map((hit, at) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys
          <div
            key={hit.to}
            id={`finder-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === current}
            class="hit"
            onClick={() => open(hit)}
          >
            <span>{hit.label}</span>
            <span class="muted">{hit.detail}</span>
            {hit.state && <State of={hit.state} quiet />}
          </div>
        ))}
      </div>
      {hits.length === 0 && <p class="muted">{loading ? "Searching…" : "Nothing has this name."}</p>}
    </Dialog>
  );
}

function hitsOf(text: string, apps: AppList | undefined, changes: ChangeList | undefined): readonly Hit[] {
  const word = text.trim().toLowerCase();
  const pages = PAGES.filter(({ label }) => label.toLowerCase().includes(word));
  if (word === "") return pages;
  const ofApps = (apps?.items ?? []).map(({ namespace, name, health }) => {
    return { to: appLink(namespace, name), label: name, detail: namespace, state: health };
  });
  const ofChanges = (changes?.items ?? []).map(({ namespace, name, phase }) => {
    return { to: changeLink(namespace, name), label: name, detail: `Change in ${namespace}`, state: phase };
  });
  return [...ofApps, ...ofChanges, ...pages].slice(0, MOST_HITS);
}
