import { useId } from "preact/hooks";

/** A field of a form with its label, and what is wrong with it. */
export function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly help?: string;
  readonly error?: string | undefined;
}) {
  const { label, value, onInput, help, error } = props;
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class="input"
        value={value}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-help`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <span id={`${id}-help`} class={error === undefined ? "field-help" : "field-error"}>
        {error ?? help}
      </span>
    </div>
  );
}
