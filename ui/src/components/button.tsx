import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icon.js";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly kind?: "primary" | "danger" | "plain" | "quiet";
  readonly onClick?: () => void;
  readonly type?: "button" | "submit";
  /** Why the button cannot be used now, shown beside it. */
  readonly disabledBecause?: string | undefined;
  readonly busy?: boolean;
}

/** A button. Its text says what will happen. */
export function Button(props: ButtonProps) {
  const { children, icon, kind = "plain", onClick, type = "button", disabledBecause, busy = false } = props;
  const id = useId();
  const disabled = disabledBecause !== undefined;
  return (
    <>
      <button
        type={type}
        class={`button button-${kind}`}
        aria-disabled={disabled || busy}
        aria-describedby={disabled ? id : undefined}
        onClick={(event) => {
          if (disabled || busy) event.preventDefault();
          else onClick?.();
        }}
      >
        {busy ? <Icon name="busy" spin /> : icon && <Icon name={icon} />}
        <span>{children}</span>
      </button>
      {disabled && (
        <span id={id} class="button-reason">
          {disabledBecause}
        </span>
      )}
    </>
  );
}

/** A link that looks like a button. */
export function LinkButton(props: {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly icon?: IconName;
  readonly kind?: "primary" | "plain" | "quiet";
}) {
  return (
    <a href={props.to} class={`button button-${props.kind ?? "plain"}`}>
      {props.icon && <Icon name={props.icon} />}
      <span>{props.children}</span>
    </a>
  );
}
