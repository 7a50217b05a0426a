import { useState } from "preact/hooks";
import { Icon } from "./icon.js";

const SHOWN_MS = 2_000;

/** A block of text to copy. */
export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: blocks that scroll have to be reached by keyboard */}
      <section tabIndex={0} aria-label={label}>
        <pre>{text}</pre>
      </section>
      <button
        type="button"
        class="button button-quiet button-icon"
        onClick={copy}
        aria-label={copied ? "Copied" : "Copy"}
      >
        <Icon name={copied ? "check" : "copy"} />
      </button>
    </div>
  );
}
