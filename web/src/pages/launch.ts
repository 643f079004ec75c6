import { openSession, viewerUrl } from "../api/actions";
import type { Access } from "../api/types";
import { tellError } from "../ui/toast";

/** Opens the viewer in its own tab. The tab is made at once, while the click allows it. */
async function inNewTab(url: Promise<string>): Promise<void> {
  const tab = window.open("about:blank", "_blank");
  try {
    const target = await url;
    if (tab) tab.location.replace(target);
    else location.assign(target);
  } catch (error) {
    tab?.close();
    tellError(error);
  }
}

export function joinMachine(machineId: string, access: Access): Promise<void> {
  return inNewTab(openSession(machineId).then((session) => viewerUrl(session.id, access)));
}

export function joinSession(sessionId: string, access: Access): Promise<void> {
  return inNewTab(Promise.resolve(viewerUrl(sessionId, access)));
}
