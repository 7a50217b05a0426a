import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  observeWindowOffset,
  observeWindowRect,
  type VirtualItem,
  Virtualizer,
  windowScroll,
} from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";

/** The rows to draw, of a list of which only the visible part is in the document. */
export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  readonly height: number;
  /** Distance of the list from the top of what scrolls, in pixels. */
  readonly offset: number;
  /** Goes on the element of each row. It needs `data-index`. */
  readonly measure: (element: Element | null) => void;
  readonly scrollTo: (index: number) => void;
}

const OVERSCAN = 8;

/** Draws only the visible rows of a list that scrolls with the page. `estimate` is the usual height of a row in pixels. */
export function useVirtualRows(count: number, estimate: number, list: RefObject<HTMLElement | null>): VirtualRows {
  const [, update] = useReducer<number, void>((number) => number + 1, 0);
  const offset = useRef(0);
  const options = {
    count,
    estimateSize: () => estimate,
    overscan: OVERSCAN,
    getScrollElement: () => (typeof window === "undefined" ? null : window),
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    scrollToFn: windowScroll,
    scrollMargin: offset.current,
    initialRect: { width: innerWidth, height: innerHeight },
    onChange: () => update(),
  };
  const [virtualizer] = useState(() => new Virtualizer<Window, Element>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    offset.current = (list.current?.getBoundingClientRect().top ?? 0) + scrollY;
    virtualizer._willUpdate();
  });
  return view(virtualizer, offset.current);
}

/** The same for a list that scrolls in an element of its own. */
export function useVirtualLines(count: number, estimate: number, box: RefObject<HTMLElement | null>): VirtualRows {
  const [, update] = useReducer<number, void>((number) => number + 1, 0);
  const options = {
    count,
    estimateSize: () => estimate,
    overscan: OVERSCAN,
    getScrollElement: () => box.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => update(),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, Element>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return view(virtualizer, 0);
}

function view<S extends Element | Window>(virtualizer: Virtualizer<S, Element>, offset: number): VirtualRows {
  return {
    items: virtualizer.getVirtualItems(),
    height: virtualizer.getTotalSize(),
    offset,
    measure: (element) => virtualizer.measureElement(element),
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: "auto" }),
  };
}
