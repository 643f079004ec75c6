// A folder is read again when a transfer into it has come to an end.

import { useEffect, useRef } from "react";
import type { TransferFacts } from "../facts";

export function useReadAgain(
  transfers: readonly TransferFacts[],
  direction: TransferFacts["direction"],
  reload: () => Promise<void>,
): void {
  const over = transfers
    .filter((one) => one.direction === direction && (one.status === "done" || one.status === "stopped"))
    .map(({ number }) => number)
    .join();
  const seen = useRef(over);
  useEffect(() => {
    if (seen.current === over) return;
    seen.current = over;
    void reload();
  }, [over, reload]);
}
