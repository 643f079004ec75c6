// The stream of changes: says what to ask for again, never the content itself.

import { backoff } from "../engine/backoff";
import { ApiError, api } from "./client";
import type { Topic } from "./types";

const TOPICS: readonly Topic[] = ["machines", "sessions", "codes", "users", "audit"];

/** Events of a `text/event-stream` body (HTML standard, 9.2.6), as far as is needed. */
export class EventParser {
  private rest = "";

  push(text: string): { event: string; data: string }[] {
    const blocks = (this.rest + text).replace(/\r\n?/g, "\n").split("\n\n");
    this.rest = blocks.pop() ?? "";
    const events: { event: string; data: string }[] = [];
    for (const block of blocks) {
      let event = "message";
      const data: string[] = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      }
      if (data.length > 0) events.push({ event, data: data.join("\n") });
    }
    return events;
  }
}

export function topicOf(data: string): Topic | null {
  try {
    const { topic } = JSON.parse(data) as { topic?: unknown };
    return TOPICS.find((known) => known === topic) ?? null;
  } catch {
    return null;
  }
}

interface Watcher {
  changed(topic: Topic): void;
  /** True while the stream stands; false while changes must be asked for. */
  live(live: boolean): void;
}

/** Follows the stream until `signal` aborts, coming back whenever it breaks. */
export async function watchChanges(watcher: Watcher, signal: AbortSignal): Promise<void> {
  let attempt = 1;
  while (!signal.aborted) {
    try {
      const response = await api.raw("GET", "/api/events", {
        signal,
        headers: { Accept: "text/event-stream" },
      });
      if (!response.body) throw new Error("no stream");
      watcher.live(true);
      // Whatever changed while nobody listened.
      if (attempt > 1) for (const topic of TOPICS) watcher.changed(topic);
      attempt = 1;
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        for (const { event, data } of parser.push(value)) {
          const topic = event === "change" ? topicOf(data) : null;
          if (topic) watcher.changed(topic);
        }
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && error.status === 401)) break;
    }
    watcher.live(false);
    attempt += 1;
    await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
  }
  watcher.live(false);
}
