/** Terminal styles; plain text if the stream is not a terminal or `NO_COLOR` is set. */
export interface Styles {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

/** Returns the styles for a stream. A non-empty `NO_COLOR` disables colors, as defined by no-color.org. */
export function styles(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Styles {
  const colored = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const style = (on: number, off: number) => (text: string) => (colored ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return { bold: style(1, 22), dim: style(2, 22), green: style(32, 39), red: style(31, 39) };
}
