import { Fragment } from "preact";
import { type DiffLine, diffLines, sideBySide } from "./line-diff.js";
import { valueLines } from "./value-lines.js";
import { visible } from "./visible.js";

export type DiffMode = "unified" | "split";

/** A field that differs. Values are JSON. */
export interface FieldDifference {
  readonly path: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const SIGNS = { same: " ", removed: "−", added: "+" } as const;
const WORDS = { same: "", removed: "removed: ", added: "added: " } as const;

/** The difference of one field, below its path. */
export function FieldDiff({ field, mode }: { readonly field: FieldDifference; readonly mode: DiffMode }) {
  const lines = diffLines(valueLines(field.from), valueLines(field.to));
  return (
    <section class="field-diff" data-hunk="">
      <h3 class="field-path" tabIndex={-1}>
        {visible(field.path)}
        <span class="field-verb">{verbOf(field)}</span>
      </h3>
      {mode === "split" && field.from !== undefined && field.to !== undefined ? (
        <SideBySide lines={lines} />
      ) : (
        <div class="diff-lines">
          {lines.map((line, index) => (
            <Line key={`${index}${line.text}`} line={line} />
          ))}
        </div>
      )}
    </section>
  );
}

function verbOf({ from, to }: FieldDifference): string {
  if (from === undefined) return "added";
  return to === undefined ? "removed" : "changed";
}

function SideBySide({ lines }: { readonly lines: readonly DiffLine[] }) {
  return (
    <div class="diff-lines diff-split">
      {sideBySide(lines).map(([left, right], index) => (
        <Fragment key={`${index}${left?.text}`}>
          <Line line={left} />
          <Line line={right} />
        </Fragment>
      ))}
    </div>
  );
}

function Line({ line }: { readonly line: DiffLine | undefined }) {
  if (line === undefined) return <div class="diff-line diff-none" />;
  return (
    <div class={`diff-line diff-${line.kind}`}>
      <span class="diff-sign" aria-hidden="true">
        {SIGNS[line.kind]}
      </span>
      <span class="sr-only">{WORDS[line.kind]}</span>
      <span class="diff-text">
        <Marked line={line} />
      </span>
    </div>
  );
}

function Marked({ line: { text, mark, kind } }: { readonly line: DiffLine }) {
  if (mark === undefined || mark[0] === mark[1]) return <>{text}</>;
  const [start, end] = mark;
  const Tag = kind === "removed" ? "del" : "ins";
  return (
    <>
      {text.slice(0, start)}
      <Tag>{text.slice(start, end)}</Tag>
      {text.slice(end)}
    </>
  );
}
