import { useEffect, useRef, useState } from "preact/hooks";
import type { AppList } from "../../api/types.js";
import { Icon } from "../../components/icon.js";
import { State } from "../../components/state.js";
import { hasTerm, setTerm, termFor, termValue, toggleTerm } from "../../navigation/filter.js";
import type { Search } from "../../navigation/search.js";
import { useKeys } from "../../navigation/shortcuts.js";

/** States that deserve a look, in the order of their weight, with the field that filters them. */
const ATTENTION: readonly (readonly [key: string, value: string])[] = [
  ["health", "Degraded"],
  ["sync", "Failed"],
  ["sync", "Contested"],
  ["sync", "Drifted"],
  ["sync", "Waiting"],
  ["health", "Progressing"],
  ["sync", "Suspended"],
  ["health", "Healthy"],
];
const CHOICES: readonly (readonly [key: string, label: string])[] = [
  ["ns", "Namespace"],
  ["repo", "Repository"],
  ["dest", "Destination"],
];
const SORTS: readonly (readonly [value: string, label: string])[] = [
  ["", "Worst first"],
  ["name", "Name"],
  ["-changed", "Last changed first"],
];
const TYPING_MS = 200;

/** The filter of the list, by text, by state and by the values that there are. All of it is in the URL. */
export function AppFilter(props: {
  readonly q: string;
  readonly sort: string;
  readonly list: AppList | undefined;
  readonly search: Search;
}) {
  const { q, sort, list, search } = props;
  const facets = list?.facets ?? {};
  const set = (filter: string): void => search.set({ q: filter }, { push: true });
  const counts = ATTENTION.flatMap(([key, value]) => {
    const count = countOf(facets[key], value);
    return count > 0 || hasTerm(q, termFor(key, value)) ? [{ key, value, count }] : [];
  });
  return (
    <div class="filter">
      <fieldset class="filter-states">
        <legend class="sr-only">Filter by state</legend>
        {counts.map(({ key, value, count }) => (
          <button
            key={value}
            type="button"
            class="filter-state"
            aria-pressed={hasTerm(q, termFor(key, value))}
            onClick={() => set(toggleTerm(q, termFor(key, value)))}
          >
            <strong>{count}</strong>
            <State of={value} quiet />
          </button>
        ))}
      </fieldset>
      <div class="filter-row">
        <FilterText q={q} onChange={(filter) => search.set({ q: filter })} />
        {CHOICES.map(([key, label]) => (
          <Choice
            key={key}
            label={label}
            value={termValue(q, key)}
            values={facets[key]}
            onChange={(value) => set(setTerm(q, key, value))}
          />
        ))}
        <select
          class="input select"
          aria-label="Order"
          value={sort}
          onChange={({ currentTarget }) => search.set({ sort: currentTarget.value }, { push: true })}
        >
          {SORTS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <span class="filter-total muted" role="status">
          {list === undefined ? "" : `${list.total} ${list.total === 1 ? "app" : "apps"}`}
        </span>
      </div>
    </div>
  );
}

function FilterText({ q, onChange }: { readonly q: string; readonly onChange: (filter: string) => void }) {
  const [text, setText] = useState(q);
  const sent = useRef(q);
  const field = useRef<HTMLInputElement>(null);
  // Back, or a button, changed the filter in the URL.
  if (q !== sent.current) {
    sent.current = q;
    setText(q);
  }
  useEffect(() => {
    if (text === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      onChange(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  });
  useKeys(useRef({ "/": () => field.current?.focus() }).current);
  return (
    <label class="search">
      <Icon name="search" />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label="Filter: text, or a field like health:degraded"
        placeholder="Filter: text, or health:degraded"
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </label>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly values: Readonly<Record<string, number>> | undefined;
  readonly onChange: (value: string) => void;
}) {
  const { label, value, values = {}, onChange } = props;
  const names = Object.keys(values).sort();
  if (names.length < 2 && value === "") return null;
  return (
    <select
      class="input select"
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">{label}: all</option>
      {!names.includes(value) && value !== "" && <option value={value}>{value}</option>}
      {names.map((name) => (
        <option key={name} value={name}>
          {name} ({values[name]})
        </option>
      ))}
    </select>
  );
}

function countOf(values: Readonly<Record<string, number>> | undefined, value: string): number {
  return values?.[value] ?? values?.[value.toLowerCase()] ?? 0;
}
