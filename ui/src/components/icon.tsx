/** Drawings of 16 by 16 units, as strokes. */
const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 5",
  ok: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM5.2 8.2l2 2 3.6-4",
  bad: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  warn: "M8 2 1.5 13.5h13L8 2ZM8 6.5v3.2M8 11.6v.2",
  busy: "M14 8a6 6 0 1 1-3-5.2M11 .8v2.4h-2.4",
  wait: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM8 4.5V8l2.3 1.8",
  pause: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM6.4 5.8v4.4M9.6 5.8v4.4",
  unknown: "M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.5-.8 1.2M8 11.3v.2",
  drift: "M2 5.5h9.5M9 3l2.5 2.5L9 8M14 10.5H4.5M7 8l-2.5 2.5L7 13",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  edit: "M2.5 13.5h2l8-8-2-2-8 8v2Z",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.6 9.5h6.8L12 4",
  arrow: "M3 8h10M9 4l4 4-4 4",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  up: "M8 13V3M4 7l4-4 4 4",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  apps: "M2.5 2.5h4.5V7H2.5ZM9 2.5h4.5V7H9ZM2.5 9h4.5v4.5H2.5ZM9 9h4.5v4.5H9Z",
  changes:
    "M4 2.5v8M4 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12 5.5c0 3-4 2.5-7.2 5",
  environments: "M2.5 3.5h11v3h-11ZM2.5 9.5h7v3h-7Z",
  repositories: "M3.5 2.5h9v11h-7a2 2 0 0 1-2-2v-9ZM3.5 11.5a2 2 0 0 1 2-2h7",
  core: "M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5v.1M5 11v.1",
  audit: "M4 2.5h8v11H4ZM6 5.5h4M6 8h4M6 10.5h2.5",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14a5.5 5.5 0 0 1 11 0",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  close: "M4 4l8 8M12 4l-8 8",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3",
  sync: "M13.5 8a5.5 5.5 0 0 1-10 3.2M2.5 8a5.5 5.5 0 0 1 10-3.2M12.7 2v3h-3M3.3 14v-3h3",
  play: "M5 3v10l8-5-8-5Z",
  link: "M9 3h4v4M13 3 7.5 8.5M11 9.5V13H3V5h3.5",
  lock: "M4 7.5h8v6H4ZM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
  pin: "M6 2h4l-.5 4.5L12 9H4l2.5-2.5L6 2ZM8 9v5",
  file: "M4 2h5l3 3v9H4ZM9 2v3h3",
} as const;
export type IconName = keyof typeof PATHS;

/** A small drawing beside a word. It is hidden from screen readers, which read the word. */
export function Icon({ name, spin = false }: { readonly name: IconName; readonly spin?: boolean }) {
  return (
    <svg class={spin ? "icon icon-spin" : "icon"} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark of the program. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M16 6a10 10 0 1 0 10 10M11.5 16l3.4 3.6L22 11.5" />
    </svg>
  );
}
