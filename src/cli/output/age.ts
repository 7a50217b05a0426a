/** Formats the time since then as kubectl does: `45s`, `5m10s`, `3h`, `2d4h`. Undefined where there is no time. */
export function age(time: string | undefined, now = Date.now()): string | undefined {
  if (time === undefined || time === null) return undefined;
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (!Number.isFinite(seconds)) return undefined;
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  return pair(Math.floor(days / 365), "y", days % 365, "d");
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
}

/** Formats a time for a person: `2026-11-30T10:00:00Z (5m ago)`. */
export function timeAndAge(time: string | undefined, now = Date.now()): string | undefined {
  const since = age(time, now);
  return since === undefined ? undefined : `${time} (${since} ago)`;
}
