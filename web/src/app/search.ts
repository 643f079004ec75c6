import { useSyncExternalStore } from "react";

// The search box stands in the shell, its result in the machines page.
let text = "";
const listeners = new Set<() => void>();

function setText(next: string): void {
  text = next;
  for (const listener of listeners) listener();
}

export function useSearchText(): [string, (text: string) => void] {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => text,
  );
  return [current, setText];
}
