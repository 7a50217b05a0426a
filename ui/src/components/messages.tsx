import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/problem.js";
import { Button } from "./button.js";
import { Code } from "./code.js";
import { Icon, type IconName } from "./icon.js";
import type { Tone } from "./state.js";

/** A box that draws attention to something. */
export function Notice(props: {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
  readonly actions?: ComponentChildren;
}) {
  return (
    <section class={`notice tone-${props.tone}`}>
      <Icon name={props.icon} />
      <div class="notice-body">
        <p class="notice-title">{props.title}</p>
        {props.children}
      </div>
      {props.actions && <div class="actions">{props.actions}</div>}
    </section>
  );
}

/** An error of the API with the field to set and the way to try again. It stays until it is solved. */
export function ErrorNotice({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }) {
  const { title, detail, errors = [], instance } = error.problem;
  const heading = error.status === 404 ? "Not found, or not yours to see" : (title ?? "The request failed");
  return (
    <div role="alert">
      <Notice
        tone="bad"
        icon="bad"
        title={heading}
        actions={
          retry && (
            <Button icon="sync" onClick={retry}>
              Try again
            </Button>
          )
        }
      >
        {detail !== undefined && <p>{detail}</p>}
        {errors.length > 0 && (
          <ul class="plain-list">
            {errors.map((part) => (
              <li key={`${part.pointer}${part.parameter}${part.detail}`}>
                <code>{placeOf(part)}</code> {part.detail}
              </li>
            ))}
          </ul>
        )}
        {instance !== undefined && <p class="muted">Request {instance}, for the log of the server.</p>}
      </Notice>
    </div>
  );
}

function placeOf(part: { readonly pointer?: string | undefined; readonly parameter?: string | undefined }): string {
  return part.pointer?.replace(/^#\//, "").replaceAll("/", ".") ?? part.parameter ?? "";
}

/** What a page says when it has nothing to show: what belongs here, and how it comes to be. */
export function Empty(props: {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly command?: string;
  readonly actions?: ComponentChildren;
}) {
  return (
    <section class="empty">
      <h2>{props.title}</h2>
      {props.children}
      {props.command !== undefined && <Code text={props.command} label="Commands" />}
      {props.actions && <div class="actions">{props.actions}</div>}
    </section>
  );
}

/** A placeholder for rows that are being loaded. It appears after a moment, so that fast answers do not flicker. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class="skeleton-row" />
      ))}
    </div>
  );
}
