import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Button } from "../../../components/button.js";
import { Icon } from "../../../components/icon.js";
import { ErrorNotice } from "../../../components/messages.js";
import { followLog, type LogSource, type LogState } from "./follow-log.js";
import { LogBuffer, type LogLine, MAX_LINES } from "./log-buffer.js";

/** Lines that arrive within this time are drawn at once. */
const DRAW_MS = 100;
/** Distance from the end, in pixels, within which the view follows new lines. */
const NEAR_END = 24;

/** A log that is followed while its end is in view. */
export function LogView({ source }: { readonly source: LogSource }) {
  const { buffer, state, retry } = useLog(source);
  const [filter, setFilter] = useState("");
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(false);
  const view = useRef<HTMLDivElement>(null);
  const [readUntil, setReadUntil] = useState<number>();
  useLayoutEffect(() => {
    if (readUntil === undefined) scrollToEnd(view.current);
  });
  // What scrolls must be reachable by keyboard.
  useLayoutEffect(() => view.current?.setAttribute("tabindex", "0"), []);
  const onScroll = (): void => {
    const box = view.current;
    if (box === null) return;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    if (isAtEnd !== (readUntil === undefined)) setReadUntil(isAtEnd ? undefined : buffer.total);
  };
  const unread = readUntil === undefined ? 0 : buffer.total - readUntil;
  return (
    <section class="log" aria-label={`Log of ${source.pod}`}>
      <div class="filter-row">
        <input
          class="input"
          type="search"
          aria-label="Only lines with this text"
          placeholder="Only lines with…"
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
        <Toggle label="Wrap lines" value={wrap} onChange={setWrap} />
        <Toggle label="Times" value={times} onChange={setTimes} />
        <Button icon="file" onClick={() => download(source, buffer)}>
          Save {buffer.total - buffer.dropped} lines
        </Button>
        <LogStatus state={state} />
      </div>
      {state.phase === "failed" && <ErrorNotice error={state.error} retry={retry} />}
      {buffer.dropped > 0 && (
        <p class="muted">
          {buffer.dropped} earlier lines are not kept here: the last {MAX_LINES} are.
        </p>
      )}
      <div class="log-frame">
        <div
          ref={view}
          class={wrap ? "log-lines" : "log-lines log-nowrap"}
          role="log"
          aria-live="off"
          aria-label="Lines"
          onScroll={onScroll}
        >
          {buffer.blocks.map(({ id, lines }) => (
            <Lines key={id} lines={lines} filter={filter} times={times} />
          ))}
          {buffer.total === 0 && state.phase !== "failed" && <p class="log-empty">{emptyText(state)}</p>}
        </div>
        {readUntil !== undefined && (
          <button type="button" class="log-jump" onClick={() => scrollToEnd(view.current)}>
            <Icon name="down" />
            {unread > 0 ? `${unread} new ${unread === 1 ? "line" : "lines"}` : "To the end"}
          </button>
        )}
      </div>
    </section>
  );
}

/** Reads a log while the component is shown. */
function useLog(source: LogSource) {
  const [attempt, retry] = useReducer<number, void>((count) => count + 1, 0);
  const [buffer, setBuffer] = useState(() => new LogBuffer());
  const [state, setState] = useState<LogState>({ phase: "connecting" });
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  const { app, pod, container, previous } = source;
  useEffect(() => {
    const stop = new AbortController();
    const lines = new LogBuffer();
    setBuffer(lines);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (next: LogState): void => {
      if (stop.signal.aborted) return;
      setState((before) => (before.phase === next.phase && next.phase === "live" ? before : next));
      timer ??= setTimeout(() => {
        timer = undefined;
        draw();
      }, DRAW_MS);
    };
    void followLog({ app, pod, container, previous }, lines, changed, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [app, pod, container, previous, attempt]);
  return { buffer, state, retry };
}

const Lines = memo(function Lines(props: {
  readonly lines: readonly LogLine[];
  readonly filter: string;
  readonly times: boolean;
}) {
  const { lines, filter, times } = props;
  const wanted = filter.toLowerCase();
  const shown = wanted === "" ? lines : lines.filter(({ text }) => text.toLowerCase().includes(wanted));
  return (
    <div class="log-block">
      {shown.map(({ time, text }, index) => (
        <div key={index} class="log-line">
          {times && <span class="log-time">{time.slice(0, 23).replace("T", " ")}</span>}
          {plain(text)}
        </div>
      ))}
    </div>
  );
});

/** Removes the control sequences of terminals, such as colors. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove.
  return text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]/g, "");
}

function Toggle(props: {
  readonly label: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}) {
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

function LogStatus({ state }: { readonly state: LogState }) {
  return (
    <span class="filter-total muted" role="status">
      {state.phase === "connecting" && "Connecting"}
      {state.phase === "live" && "Followed"}
      {state.phase === "complete" && "Complete"}
      {state.phase === "waiting" && (state.error?.problem.detail ?? "The log has ended. Waiting for a restart.")}
    </span>
  );
}

function emptyText({ phase }: LogState): string {
  if (phase === "complete") return "The log is empty.";
  return phase === "live" ? "No line yet." : "";
}

function scrollToEnd(box: HTMLElement | null): void {
  if (box !== null) box.scrollTop = box.scrollHeight;
}

/** Saves the kept lines as a text file. */
function download({ pod }: LogSource, { blocks }: LogBuffer): void {
  const text = blocks.flatMap(({ lines }) => lines.map(({ time, text }) => `${time} ${text}\n`.trimStart()));
  const url = URL.createObjectURL(new Blob(text, { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${pod.replace("/", "-")}.log`;
  link.click();
  URL.revokeObjectURL(url);
}
