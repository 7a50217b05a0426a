import { DEFAULT_PARSE_LIMITS, type ParseLimits } from "../manifest/yaml/parse.js";

/** Caps that keep a hostile or mistaken source from eating the process. Above one of them a render fails, it never cuts. */
export interface RenderLimits extends ParseLimits {
  /** Files below the path, selected or not. */
  readonly maxFiles: number;
  /** Folders within folders below the path. */
  readonly maxDepth: number;
  /** Bytes of all selected files together. */
  readonly maxTotalBytes: number;
}

/** Several times what large public sources need; an operator can raise them by its flags. */
export const DEFAULT_RENDER_LIMITS: RenderLimits = {
  ...DEFAULT_PARSE_LIMITS,
  maxFiles: 50_000,
  maxDepth: 64,
  maxTotalBytes: 64 * 1024 * 1024,
};
