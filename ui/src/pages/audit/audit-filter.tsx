import { useEffect, useRef, useState } from "preact/hooks";
import type { Search } from "../../navigation/search.js";
import { AUDIT_VERBS } from "./sentence.js";

const OUTCOMES: readonly (readonly [value: string, label: string])[] = [
  ["", "Results: all"],
  ["Succeeded", "Succeeded"],
  ["Failed", "Failed"],
  ["Refused", "Refused"],
  ["Started", "Begun"],
  ["all", "With those begun"],
];
const TYPING_MS = 300;

/** Who, which app, what, how it ended, and when. All of it is in the URL. */
export function AuditFilter({ search }: { readonly search: Search }) {
  const { user = "", app = "", verb = "", outcome = "", from = "", to = "" } = search.values;
  const set = (changes: Readonly<Record<string, string>>): void => search.set(changes, { push: true });
  return (
    <div class="filter-row audit-filter">
      <Text label="User" placeholder="User" value={user} onChange={(text) => set({ user: text })} />
      <Text
        label="App, as namespace/name"
        placeholder="App: namespace/name"
        value={app}
        onChange={(text) => set({ app: text })}
      />
      <select
        class="input select"
        aria-label="Action"
        value={verb}
        onChange={({ currentTarget }) => set({ verb: currentTarget.value })}
      >
        <option value="">Action: all</option>
        {[...new Set([...AUDIT_VERBS, ...(verb === "" ? [] : [verb])])].map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <select
        class="input select"
        aria-label="Outcome"
        value={outcome}
        onChange={({ currentTarget }) => set({ outcome: currentTarget.value })}
      >
        {OUTCOMES.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <Day label="From" value={from} onChange={(day) => set({ from: day })} />
      <Day label="To" value={to} onChange={(day) => set({ to: day })} />
    </div>
  );
}

function Text(props: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}) {
  const { label, placeholder, value, onChange } = props;
  const [text, setText] = useState(value);
  const sent = useRef(value);
  if (value !== sent.current) {
    sent.current = value;
    setText(value);
  }
  useEffect(() => {
    if (text.trim() === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      onChange(text.trim());
    }, TYPING_MS);
    return () => clearTimeout(timer);
  });
  return (
    <input
      class="input"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      spellcheck={false}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
    />
  );
}

function Day(props: { readonly label: string; readonly value: string; readonly onChange: (day: string) => void }) {
  return (
    <label class="audit-date">
      <span class="muted">{props.label}</span>
      <input
        class="input select"
        type="date"
        value={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
      />
    </label>
  );
}

/** Returns the path of the API for a filter. Days are those of the browser's time zone; `to` is the last one. */
export function auditPath(values: Search["values"], limit: number): string {
  const { user, app = "", verb, outcome, from, to } = values;
  const [namespace, name] = app.includes("/") ? app.split("/") : [undefined, app];
  const query = new URLSearchParams({ limit: String(limit) });
  const set = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") query.set(key, value);
  };
  set("user", user);
  set("namespace", namespace);
  set("name", name);
  set("verb", verb);
  set("outcome", outcome === "all" ? undefined : outcome);
  set("since", instantOf(from, 0));
  set("until", instantOf(to, 1));
  return `audit?${query}`;
}

function instantOf(day: string | undefined, plusDays: number): string | undefined {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? "") ?? [];
  if (year === undefined) return undefined;
  return new Date(Number(year), Number(month) - 1, Number(date) + plusDays).toISOString();
}
