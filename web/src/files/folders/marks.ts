// What is marked in a list, and where its cursor is, as the keys and the pointer have it.

export interface Marks {
  /** Step of the entry that the keys are at. */
  cursor: string | null;
  /** Where a range begins. */
  anchor: string | null;
  marked: ReadonlySet<string>;
}

export const NO_MARKS: Marks = { cursor: null, anchor: null, marked: new Set() };

/** How a move of the cursor, or a click, treats what is marked. */
export type How = "only" | "range" | "toggle" | "cursor";

/** The cursor goes to an entry. */
export function at(steps: readonly string[], marks: Marks, step: string, how: How): Marks {
  switch (how) {
    case "only":
      return { cursor: step, anchor: step, marked: new Set([step]) };
    case "cursor":
      return { ...marks, cursor: step, anchor: step };
    case "toggle": {
      const marked = new Set(marks.marked);
      if (!marked.delete(step)) marked.add(step);
      return { cursor: step, anchor: step, marked };
    }
    case "range": {
      const anchor = marks.anchor ?? marks.cursor ?? step;
      const [from, to] = [steps.indexOf(anchor), steps.indexOf(step)].sort((a, b) => a - b);
      return { cursor: step, anchor, marked: new Set(steps.slice(Math.max(0, from ?? 0), (to ?? 0) + 1)) };
    }
  }
}

/** The cursor goes some entries on; past the end it stays at the last one. */
export function by(steps: readonly string[], marks: Marks, rows: number, how: How): Marks {
  if (steps.length === 0) return NO_MARKS;
  const here = marks.cursor === null ? -1 : steps.indexOf(marks.cursor);
  // The first key only shows where the cursor is.
  const there = here < 0 ? 0 : Math.min(steps.length - 1, Math.max(0, here + rows));
  return at(steps, marks, steps[there] ?? "", how);
}

export function everything(steps: readonly string[], marks: Marks): Marks {
  return { ...marks, marked: new Set(steps) };
}

/** After the folder was read again: what is still there stays marked. */
export function kept(steps: readonly string[], marks: Marks, wanted: string | null): Marks {
  const there = new Set(steps);
  const marked = new Set([...marks.marked].filter((step) => there.has(step)));
  const cursor = [wanted, marks.cursor].find((step) => step !== null && there.has(step)) ?? null;
  return { cursor, anchor: cursor, marked };
}

/** The next entry whose name begins with what was typed, from the cursor on. */
export function found<Named extends { name: string; step: string }>(
  rows: readonly Named[],
  marks: Marks,
  typed: string,
): string | null {
  const here = rows.findIndex(({ step }) => step === marks.cursor);
  const wanted = typed.toLocaleLowerCase();
  // One letter goes on to the next name, several stay while they fit.
  const first = typed.length === 1 ? here + 1 : Math.max(0, here);
  for (let turn = 0; turn < rows.length; turn += 1) {
    const row = rows[(first + turn) % rows.length];
    if (row?.name.toLocaleLowerCase().startsWith(wanted)) return row.step;
  }
  return null;
}
