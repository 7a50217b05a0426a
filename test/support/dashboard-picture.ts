import type { Dashboard, Panel } from "./dashboards.js";

/** A series of a panel: its last value is that of an instant query. */
export interface PanelSeries {
  readonly legend: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value. */
  readonly points: readonly (readonly [time: number, value: number])[];
}

/** The series of a panel by the ID of the panel. */
export type DashboardData = ReadonlyMap<number, readonly PanelSeries[]>;

const WIDTH = 1200;
const COLUMN = WIDTH / 24;
const ROW = 30;
const GAP = 4;
const COLORS: Readonly<Record<string, string>> = {
  green: "#73bf69",
  red: "#f2495c",
  yellow: "#fade2a",
  orange: "#ff9830",
  blue: "#5794f2",
};
const PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#37872d"];
const TEXT = "#ccccdc";
const FAINT = "#8e8e99";
/** Average width of a character of 11 px. */
const CHARACTER = 6.8;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Draws a dashboard as Grafana lays it out: an SVG of its panels with the results of their queries. */
export function dashboardPicture({ title, panels }: Dashboard, data: DashboardData): string {
  const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * ROW + 44;
  const drawn = panels.map((panel) => drawPanel(panel, data.get(panel.id) ?? []));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">`,
    `<rect width="${WIDTH}" height="${height}" fill="#111217"/>`,
    text(12, 26, title, { size: 17, weight: 600 }),
    `<g transform="translate(0 40)">`,
    ...drawn,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel(panel: Panel, series: readonly PanelSeries[]): string {
  const { x, y, w, h } = panel.gridPos;
  const box = { x: x * COLUMN + GAP / 2, y: y * ROW + GAP / 2, w: w * COLUMN - GAP, h: h * ROW - GAP };
  if (panel.type === "row") return text(box.x + 8, box.y + 18, panel.title, { size: 13, weight: 600 });
  const inner = { x: box.x + 10, y: box.y + 30, w: box.w - 20, h: box.h - 38 };
  const frame = `<rect x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" rx="3" fill="#181b1f" stroke="#2c3235"/>`;
  const unit = panel.fieldConfig?.defaults.unit ?? "short";
  return [
    frame,
    text(box.x + 10, box.y + 18, cut(panel.title, box.w - 20), { size: 12 }),
    body(panel, series, inner, unit),
  ].join("");
}

function body(panel: Panel, series: readonly PanelSeries[], box: Box, unit: string): string {
  if (series.every(({ points }) => points.length === 0))
    return text(box.x + box.w / 2, box.y + box.h / 2, "No data", { fill: FAINT, anchor: "middle" });
  switch (panel.type) {
    case "stat":
      return stat(panel, series, box, unit);
    case "table":
      return table(panel, series, box);
    case "bargauge":
      return bars(series, box, unit);
    case "state-timeline":
      return states(panel, series, box);
    default:
      return lines(series, box, unit);
  }
}

function stat(panel: Panel, series: readonly PanelSeries[], box: Box, unit: string): string {
  const shown = series.slice(0, 3);
  return shown
    .map((one, index) => {
      const x = box.x + (box.w / shown.length) * (index + 0.5);
      const value = last(one);
      const shownValue = panel.options?.textMode === "name" ? one.legend : format(value, unit);
      const label =
        shown.length > 1
          ? text(x, box.y + box.h - 2, cut(one.legend, box.w / shown.length), {
              fill: FAINT,
              anchor: "middle",
              size: 10,
            })
          : "";
      return (
        text(x, box.y + box.h / 2 + 12, cut(shownValue, (box.w / shown.length) * 0.45), {
          size: 28,
          weight: 600,
          fill: colorOf(panel, value),
          anchor: "middle",
        }) + label
      );
    })
    .join("");
}

function table({ transformations = [] }: Panel, series: readonly PanelSeries[], box: Box): string {
  const { excludeByName = {}, indexByName = {}, renameByName = {} } = transformations[0]?.options ?? {};
  const columns = [...new Set(series.flatMap(({ labels }) => Object.keys(labels))), "Value"]
    .filter((name) => name !== "__name__" && !excludeByName[name])
    .sort((a, b) => (indexByName[a] ?? 0) - (indexByName[b] ?? 0));
  const width = box.w / columns.length;
  const cell = (row: number, column: number, value: string, fill: string): string =>
    text(box.x + column * width, box.y + 10 + row * 20, cut(value, width - 8), { fill });
  // A table shows the present: a series that has ended is not in it.
  const [, now] = timesOf(series);
  const present = series.filter(({ points }) => points.at(-1)?.[0] === now);
  const rows = present.sort((a, b) => last(b) - last(a)).slice(0, Math.floor(box.h / 20) - 1);
  return [
    ...columns.map((name, column) => cell(0, column, renameByName[name] ?? name, FAINT)),
    ...rows.flatMap((one, row) =>
      columns.map((name, column) =>
        cell(row + 1, column, name === "Value" ? format(last(one), "s") : (one.labels[name] ?? ""), TEXT),
      ),
    ),
  ].join("");
}

function bars(series: readonly PanelSeries[], box: Box, unit: string): string {
  const most = Math.max(...series.map(last), 1e-9);
  return series
    .slice(0, Math.floor(box.h / 30))
    .map((one, index) => {
      const y = box.y + index * 30;
      const width = Math.max(2, ((box.w - 60) * last(one)) / most);
      return (
        text(box.x, y + 9, cut(one.legend, box.w), { size: 10, fill: FAINT }) +
        `<rect x="${box.x}" y="${y + 13}" width="${round(width)}" height="12" fill="${PALETTE[0]}"/>` +
        text(box.x + width + 6, y + 23, format(last(one), unit), {})
      );
    })
    .join("");
}

function states(panel: Panel, series: readonly PanelSeries[], box: Box): string {
  const shown = series.filter(({ points }) => points.length > 0).slice(0, Math.floor((box.h - 16) / 18));
  const [from, to] = timesOf(shown);
  const x = (time: number): number => box.x + 140 + ((box.w - 140) * (time - from)) / Math.max(1, to - from);
  const rows = shown.map(({ legend, points }, index) => {
    const y = box.y + index * 18;
    const parts = points.map(([time, value], at) => {
      const end = points[at + 1]?.[0] ?? to;
      return `<rect x="${round(x(time))}" y="${y}" width="${round(Math.max(0.5, x(end) - x(time)))}" height="14" fill="${colorOf(panel, value)}"/>`;
    });
    return text(box.x, y + 11, cut(legend, 132), { size: 10 }) + merged(parts);
  });
  return (
    rows.join("") + clock(from, box.x + 140, box.y + box.h, "start") + clock(to, box.x + box.w, box.y + box.h, "end")
  );
}

/** Points of one state that follow each other are one rectangle, or a picture would have thousands. */
function merged(parts: readonly string[]): string {
  const found: { x: number; end: number; rest: string; fill: string }[] = [];
  for (const part of parts) {
    const [, x = "0", rest = "", width = "0", fill = ""] =
      /x="([\d.]+)" (y="\d+(?:\.\d+)?") width="([\d.]+)" height="14" fill="([^"]+)"/.exec(part) ?? [];
    const before = found.at(-1);
    if (before?.fill === fill) before.end = Number(x) + Number(width);
    else found.push({ x: Number(x), end: Number(x) + Number(width), rest, fill });
  }
  return found
    .map(({ x, end, rest, fill }) => `<rect x="${x}" ${rest} width="${round(end - x)}" height="14" fill="${fill}"/>`)
    .join("");
}

function lines(series: readonly PanelSeries[], box: Box, unit: string): string {
  const shown = series.filter(({ points }) => points.length > 0).slice(0, 8);
  const area = { x: box.x + 52, y: box.y, w: box.w - 56, h: box.h - 34 };
  const values = shown.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const top = Math.max(...values, 0) * 1.1 || 1;
  const bottom = Math.min(...values, 0);
  const [from, to] = timesOf(shown);
  const x = (time: number): number => area.x + (area.w * (time - from)) / Math.max(1, to - from);
  const y = (value: number): number => area.y + area.h - (area.h * (value - bottom)) / (top - bottom);
  const grid = [0, 0.5, 1].map((share) => {
    const value = bottom + (top - bottom) * share;
    const at = round(y(value));
    return (
      `<path d="M${area.x} ${at}H${area.x + area.w}" stroke="#25282d"/>` +
      text(area.x - 6, at + 4, format(value, unit), { size: 10, fill: FAINT, anchor: "end" })
    );
  });
  const paths = shown.map(({ points }, index) => {
    const path = points
      .filter(([, value]) => Number.isFinite(value))
      .map(([time, value]) => `${round(x(time))} ${round(y(value))}`);
    return `<polyline points="${path.join(",")}" fill="none" stroke="${PALETTE[index]}" stroke-width="1.5"/>`;
  });
  let at = box.x;
  const legend = shown.map((one, index) => {
    const label = cut(one.legend, 150);
    if (at + label.length * CHARACTER + 24 > box.x + box.w) return "";
    const place = at;
    at += label.length * CHARACTER + 30;
    const y0 = box.y + box.h;
    return `<rect x="${place}" y="${y0 - 4}" width="12" height="3" fill="${PALETTE[index]}"/>${text(place + 16, y0, label, { size: 10 })}`;
  });
  const times =
    clock(from, area.x, area.y + area.h + 13, "start") + clock(to, area.x + area.w, area.y + area.h + 13, "end");
  return [...grid, ...paths, times, ...legend].join("");
}

function timesOf(series: readonly PanelSeries[]): [number, number] {
  const times = series.flatMap(({ points }) => points.map(([time]) => time));
  return [Math.min(...times), Math.max(...times)];
}

function clock(time: number, x: number, y: number, anchor: string): string {
  return text(x, y, new Date(time * 1000).toISOString().slice(11, 19), { size: 10, fill: FAINT, anchor });
}

/** The color of a value by the mappings and thresholds of a panel. */
function colorOf({ fieldConfig }: Panel, value: number): string {
  const { mappings = [], thresholds } = fieldConfig?.defaults ?? {};
  const named = mappings.flatMap(({ options }) => options[String(value)]?.color ?? [])[0];
  const step = thresholds?.steps.findLast((one) => one.value === null || value >= one.value);
  return COLORS[named ?? step?.color ?? ""] ?? TEXT;
}

function last({ points }: PanelSeries): number {
  return points.at(-1)?.[1] ?? Number.NaN;
}

function format(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  const short = (one: number): string => String(Number(one.toPrecision(3)));
  if (unit === "percentunit") return `${short(value * 100)} %`;
  if (unit === "s")
    return value >= 60 ? `${short(value / 60)} min` : value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`;
  if (unit === "bytes" || unit === "Bps") return `${short(value / 2 ** 20)} MiB${unit === "Bps" ? "/s" : ""}`;
  return unit === "ops" || unit === "reqps" ? `${short(value)}/s` : short(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function cut(value: string, width: number): string {
  const most = Math.max(3, Math.floor(width / CHARACTER));
  return value.length > most ? `${value.slice(0, most - 1)}…` : value;
}

function text(
  x: number,
  y: number,
  value: string,
  {
    size = 11,
    fill = TEXT,
    anchor = "start",
    weight = 400,
  }: { size?: number; fill?: string; anchor?: string; weight?: number },
): string {
  const safe = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${fill}" text-anchor="${anchor}" font-weight="${weight}">${safe}</text>`;
}
