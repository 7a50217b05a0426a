import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api/problem.js";
import { signOut } from "../api/sign-out.js";
import type { Whoami } from "../api/types.js";
import { Icon } from "../components/icon.js";
import { ErrorNotice } from "../components/messages.js";
import { shortcuts, type Theme, theme } from "../state/preferences.js";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** The name of the user; opens preferences and the way out. */
export function UserMenu({ user }: { readonly user: Whoami }) {
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState<ApiError>();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const onPointer = ({ target }: Event): void => {
      if (target instanceof Node && !box.current?.contains(target)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu wherever the focus is in it
    <div
      class="menu"
      ref={box}
      onKeyDown={({ key }) => {
        if (key !== "Escape") return;
        setOpen(false);
        box.current?.querySelector("button")?.focus();
      }}
    >
      <button type="button" class="button button-quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="user" />
        <span class="menu-name">{shortName(user.name)}</span>
        <span class="sr-only">: account and preferences</span>
      </button>
      {open && (
        <div class="menu-panel">
          <p class="menu-user">
            Signed in as <strong>{user.name}</strong>
          </p>
          {user.groups.length > 0 && <p class="muted">Groups: {user.groups.join(", ")}</p>}
          <fieldset class="menu-group">
            <legend>Colors</legend>
            {THEMES.map(([value, label]) => (
              <label key={value} class="choice">
                <input
                  type="radio"
                  name="theme"
                  checked={theme.value === value}
                  onChange={() => {
                    theme.value = value;
                  }}
                />
                {label}
              </label>
            ))}
          </fieldset>
          <label class="choice">
            <input
              type="checkbox"
              checked={shortcuts.value === "on"}
              onChange={() => {
                shortcuts.value = shortcuts.value === "on" ? "off" : "on";
              }}
            />
            Single keys are shortcuts (press ? for a list)
          </label>
          <button type="button" class="button button-plain" onClick={() => signOut().catch(setFailure)}>
            Sign out
          </button>
          {failure !== undefined && (
            <>
              <ErrorNotice error={failure} />
              <p>You are still signed in.</p>
            </>
          )}
          <p class="muted">Version {user.version}</p>
        </div>
      )}
    </div>
  );
}

/** `system:serviceaccount:demo:viewer` → `viewer`, `ann@example.com` → `ann`. */
function shortName(name: string): string {
  return name.split(":").at(-1)?.split("@")[0] ?? name;
}
