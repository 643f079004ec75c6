import type { Access } from "../api/types";

export interface ViewerAddress {
  sessionId: string;
  access: Access;
}

/** Which session the address of a page means; null when it is another page. */
export function viewerAddress(path: string, search: string): ViewerAddress | null {
  const sessionId = /^\/session\/([\w-]+)\/?$/.exec(path)?.[1];
  if (!sessionId) return null;
  const access = new URLSearchParams(search).get("access") === "view_only" ? "view_only" : "control";
  return { sessionId, access };
}
