import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { ApiError, api } from "./client";
import { watchChanges } from "./events";
import type { FileTransfer, Session, Topic, User } from "./types";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (count, error) =>
        count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});

// Whether changes are told; if not, lists are asked for again now and then.
const POLL_MS = 15_000;
let live = false;
const liveListeners = new Set<() => void>();
function setLive(next: boolean): void {
  live = next;
  for (const listener of liveListeners) listener();
}

export function useLive(): boolean {
  return useSyncExternalStore(
    (listener) => {
      liveListeners.add(listener);
      return () => liveListeners.delete(listener);
    },
    () => live,
  );
}

/** Keeps everything on the page current for as long as it is mounted. */
export function useChanges(): void {
  const client = useQueryClient();
  useEffect(() => {
    const abort = new AbortController();
    const due = new Set<Topic>();
    let timer: ReturnType<typeof setTimeout> | null = null;
    // A burst of changes is one question.
    const changed = (topic: Topic) => {
      due.add(topic);
      timer ??= setTimeout(() => {
        timer = null;
        for (const each of due) void client.invalidateQueries({ queryKey: [each] });
        due.clear();
      }, 150);
    };
    void watchChanges({ changed, live: setLive }, abort.signal);
    return () => {
      abort.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
}

function usePoll(): number | false {
  return useLive() ? false : POLL_MS;
}

export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    queryFn: ({ signal }) => api.request("GET", "/api/version", { auth: false, signal }),
    staleTime: 60_000,
  });
}

/** The most that the server gives at once. */
const PAGE = 200;
/** More are loaded as one scrolls; the groups then count what is there. */
const EAGER = 10_000;

export function useMachines(q: string) {
  const query = useInfiniteQuery({
    queryKey: ["machines", "list", q],
    queryFn: ({ pageParam, signal }) =>
      api.request("GET", "/api/machines", {
        query: { q, limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: usePoll(),
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const count = query.data?.pages.reduce((sum, page) => sum + page.items.length, 0) ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && count < EAGER) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, count]);
  return query;
}

export function useKeys(machineId: string) {
  return useQuery({
    queryKey: ["machines", "keys", machineId],
    queryFn: ({ signal }) =>
      api.request("GET", "/api/machines/{id}/keys", { path: { id: machineId }, signal }),
  });
}

export function useHistory(machineId: string) {
  return useQuery({
    queryKey: ["audit", "machine", machineId],
    queryFn: ({ signal }) =>
      api.request("GET", "/api/machines/{id}/history", {
        path: { id: machineId },
        query: { limit: 100 },
        signal,
      }),
    refetchInterval: usePoll(),
  });
}

export function useSessions(state: Session["state"]) {
  return useQuery({
    queryKey: ["sessions", state],
    queryFn: ({ signal }) => api.request("GET", "/api/sessions", { query: { state, limit: 200 }, signal }),
    refetchInterval: usePoll(),
  });
}

export function useCodes() {
  return useQuery({
    queryKey: ["codes"],
    queryFn: ({ signal }) => api.request("GET", "/api/codes", { query: { limit: 200 }, signal }),
    refetchInterval: usePoll(),
  });
}

export function useUsers(enabled = true) {
  return useQuery({
    queryKey: ["users"],
    queryFn: ({ signal }) => everyUser(signal),
    enabled,
    refetchInterval: usePoll(),
  });
}

/** All pages: the list is short by nature. */
async function everyUser(signal: AbortSignal): Promise<{ items: User[] }> {
  const items: User[] = [];
  let cursor = "";
  do {
    const page = await api.request("GET", "/api/users", { query: { limit: PAGE, cursor }, signal });
    items.push(...page.items);
    cursor = page.next_cursor ?? "";
  } while (cursor !== "" && items.length < EAGER);
  return { items };
}

export interface AuditFilter {
  action: string;
  actor: string;
}

export function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    queryKey: ["audit", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      api.request("GET", "/api/audit", {
        query: { ...filter, limit: 100, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: usePoll(),
  });
}

export interface FileFilter {
  q: string;
  direction?: FileTransfer["direction"];
  outcome?: FileTransfer["outcome"];
  session_id?: string;
}

export function useFileTransfers(filter: FileFilter) {
  return useInfiniteQuery({
    queryKey: ["audit", "files", filter],
    queryFn: ({ pageParam, signal }) =>
      api.request("GET", "/api/file-transfers", {
        query: { ...filter, limit: 100, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: usePoll(),
  });
}

export function useFileRules() {
  return useQuery({
    queryKey: ["settings", "files"],
    queryFn: ({ signal }) => api.request("GET", "/api/settings/files", { signal }),
  });
}

export function useSettings() {
  return useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => api.request("GET", "/api/settings", { signal }),
  });
}

export function useConnectionNotice() {
  return useQuery({
    queryKey: ["settings", "connection-notice"],
    queryFn: ({ signal }) => api.request("GET", "/api/settings/connection-notice", { signal }),
  });
}

/** A change on the server, after which lists of these topics are asked for again. */
export function useChange<Input, Output>(
  run: (input: Input) => Promise<Output>,
  ...topics: (Topic | "settings")[]
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: () => {
      for (const topic of topics) void client.invalidateQueries({ queryKey: [topic] });
    },
  });
}
