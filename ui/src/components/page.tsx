import type { ComponentChildren } from "preact";
import { useTitle } from "../navigation/use-title.js";

/** A page with its heading. `above` is the way back to the list. */
export function Page(props: {
  readonly title: string;
  readonly heading?: ComponentChildren;
  readonly above?: { readonly to: string; readonly label: string };
  readonly aside?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  useTitle(props.title);
  return (
    <>
      <header class="page-head">
        <div class="page-title">
          {props.above && (
            <a class="page-above" href={props.above.to}>
              {props.above.label}
            </a>
          )}
          <h1 tabIndex={-1}>{props.heading ?? props.title}</h1>
          {props.aside}
        </div>
        {props.actions && <div class="actions">{props.actions}</div>}
      </header>
      {props.children}
    </>
  );
}
