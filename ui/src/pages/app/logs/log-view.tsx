import { memo } from "preact/compat";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Button } from "../../../components/button.js";
import { Icon } from "../../../components/icon.js";
import { ErrorNotice } from "../../../components/messages.js";
import type { LogState } from "./follow-log.js";
import { followLogs } from "./follow-logs.js";
import { LogBuffer, type LogLine, MAX_LINES } from "./log-buffer.js";
import { type LogSources, togetherOf } from "./log-sources.js";

/** Lines that arrive within this time are drawn at once. */
const DRAW_MS = 100;
/** Distance from the end, in pixels, within which the view follows new lines. */
const NEAR_END = 24;

/** Colors of containers; more than these begin again. */
const HUES = 6;

/**
 * The logs of one or several containers, merged by time, followed while their end is in view. `onRestart` is called when a log has ended,
 * and when it goes on.
 */
export function LogView({ source, onRestart }: { readonly source: LogSources; readonly onRestart: () => void }) {
  const { buffer, states, retry } = useLogs(source);
  const state = togetherOf(source, states);
  const before = useRef(state.phase);
  useEffect(() => {
    if (state.phase === "waiting" || before.current === "waiting") onRestart();
    before.current = state.phase;
  }, [state.phase]);
  const labels = source.containers.length > 1 ? source.containers : undefined;
  const [filter, setFilter] = useState("");
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(false);
  const view = useRef<HTMLDivElement>(null);
  const [readUntil, setReadUntil] = useState<number>();
  const end = useRef(0);
  useLayoutEffect(() => {
    const box = view.current;
    if (readUntil !== undefined || box === null) return;
    // A reader has scrolled up, and the event of that is still on its way.
    if (box.scrollTop < end.current - NEAR_END && !isAtEnd(box)) return;
    scrollToEnd(box);
    end.current = box.scrollTop;
  });
  // What scrolls must be reachable by keyboard.
  useLayoutEffect(() => view.current?.setAttribute("tabindex", "0"), []);
  const onScroll = (): void => {
    const box = view.current;
    if (box === null) return;
    const follows = isAtEnd(box);
    if (follows) end.current = box.scrollTop;
    if (follows !== (readUntil === undefined)) setReadUntil(follows ? undefined : buffer.total);
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
        <Button icon="file" onClick={() => download(source, buffer, labels)}>
          Save {buffer.total - buffer.dropped} lines
        </Button>
        <LogStatus state={state} />
      </div>
      {state.phase === "failed" && <ErrorNotice error={state.error} retry={retry} />}
      {labels?.map((label, index) => {
        const one = states[index];
        return (
          one?.phase === "failed" &&
          state.phase !== "failed" && (
            <p key={label} class="muted">
              <Label of={label} index={index} /> {one.error.message}
            </p>
          )
        );
      })}
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
            <Lines key={id} lines={lines} filter={filter} times={times} labels={labels} />
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

/** Reads logs while the component is shown; another source needs another component. */
function useLogs(source: LogSources) {
  const [attempt, retry] = useReducer<number, void>((count) => count + 1, 0);
  const [buffer, setBuffer] = useState(() => new LogBuffer());
  const [states, setStates] = useState<readonly LogState[]>([]);
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    const stop = new AbortController();
    const lines = new LogBuffer();
    setBuffer(lines);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (next: readonly LogState[]): void => {
      if (stop.signal.aborted) return;
      setStates((before) => (isSame(before, next) ? before : next));
      timer ??= setTimeout(() => {
        timer = undefined;
        draw();
      }, DRAW_MS);
    };
    followLogs(source, lines, changed, stop.signal);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [attempt]);
  return { buffer, states, retry };
}

function isSame(before: readonly LogState[], next: readonly LogState[]): boolean {
  return (
    before.length === next.length &&
    next.every(({ phase }, index) => phase === "live" && before[index]?.phase === phase)
  );
}

const Lines = memo(function Lines(props: {
  readonly lines: readonly LogLine[];
  readonly filter: string;
  readonly times: boolean;
  readonly labels: readonly string[] | undefined;
}) {
  const { lines, filter, times, labels } = props;
  const wanted = filter.toLowerCase();
  const shown = wanted === "" ? lines : lines.filter(({ text }) => text.toLowerCase().includes(wanted));
  return (
    <div class="log-block">
      {shown.map(({ time, text, source = 0 }, index) => (
        <div key={index} class="log-line">
          {times && <span class="log-time">{time.slice(0, 23).replace("T", " ")}</span>}
          {labels && <Label of={labels[source] ?? ""} index={source} />}
          {plain(text)}
        </div>
      ))}
    </div>
  );
});

/** The container that a line is from. */
function Label({ of: label, index }: { readonly of: string; readonly index: number }) {
  return <span class={`log-label log-label-${index % HUES}`}>{label} </span>;
}

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

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < NEAR_END;
}

function scrollToEnd(box: HTMLElement | null): void {
  if (box !== null) box.scrollTop = box.scrollHeight;
}

/** Saves the kept lines as a text file. */
function download({ pod }: LogSources, { blocks }: LogBuffer, labels: readonly string[] = []): void {
  const text = blocks.flatMap(({ lines }) =>
    lines.map(({ time, text, source = -1 }) => `${[time, labels[source], text].filter(Boolean).join(" ")}\n`),
  );
  const url = URL.createObjectURL(new Blob(text, { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${pod.replace("/", "-")}.log`;
  link.click();
  URL.revokeObjectURL(url);
}
