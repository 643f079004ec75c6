// One pane: where it is, what is there, what is marked.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { kept, type Marks, NO_MARKS } from "./marks";
import { type Entry, type Listing, type Order, type Side, sorted, type Way } from "./side";

/** A browser draws no more rows in reasonable time. */
const MOST_ROWS = 2000;

export interface Pane {
  side: Side | null;
  way: Way;
  /** Null while it is being read. */
  listing: Listing | null;
  rows: Entry[];
  /** Not all of it is shown. */
  cut: boolean;
  order: Order;
  marks: Marks;
  /** What is marked, in the order of the rows. */
  chosen: Entry[];
  setOrder(order: Order): void;
  setMarks(marks: Marks): void;
  enter(way: Way): void;
  open(entry: Entry): void;
  up(): void;
  reload(): Promise<void>;
}

const BY_NAME: Order = { by: "name", down: false };

/** `memory` keeps the way while the panel is closed. */
export function useFolder(side: Side | null, memory: { way: Way }): Pane {
  const [way, setWay] = useState<Way>(memory.way);
  const [listing, setListing] = useState<Listing | null>(null);
  const [order, setOrder] = useState<Order>(BY_NAME);
  const [marks, setMarks] = useState<Marks>(NO_MARKS);
  const turn = useRef(0);
  /** Where the cursor is to be once the folder is read: the one that was left. */
  const left = useRef<string | null>(null);

  const reload = useCallback(async () => {
    turn.current += 1;
    const mine = turn.current;
    if (!side) return;
    const next = await side.list(way);
    // Somebody has gone on meanwhile.
    if (turn.current !== mine) return;
    const wanted = left.current;
    left.current = null;
    const steps = side.holds(way) ? next.entries.map(({ step }) => step) : [];
    setListing(next);
    setMarks((before) => (side.holds(way) ? kept(steps, before, wanted) : { ...NO_MARKS, cursor: wanted }));
  }, [side, way]);

  useEffect(() => {
    setListing(null);
    void reload();
  }, [reload]);

  const enter = (next: Way) => {
    memory.way = next;
    setMarks(NO_MARKS);
    // The same way again is read again.
    setWay([...next]);
  };
  const rows = useMemo(
    () => (listing ? sorted(listing.entries, order).slice(0, MOST_ROWS) : []),
    [listing, order],
  );
  return {
    side,
    way,
    listing,
    rows,
    cut: listing !== null && (listing.cut || listing.entries.length > MOST_ROWS),
    order,
    marks,
    chosen: rows.filter(({ step }) => marks.marked.has(step)),
    setOrder,
    setMarks,
    enter,
    open: (entry) => {
      if (entry.kind === "folder") enter([...way, entry.step]);
    },
    up: () => {
      const last = way.at(-1);
      if (last === undefined) return;
      left.current = last;
      enter(way.slice(0, -1));
    },
    reload,
  };
}
