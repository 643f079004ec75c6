import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Access } from "../api/types";
import "./viewer.css";
import { LazyFilesPanel } from "../files/lazy-panel";
import { ViewerController } from "./controller";
import { take } from "./early";
import { FileBar } from "./file-bar";
import { Banner, Notices, Overlay } from "./overlays";
import { RegionsOverlay } from "./regions-overlay";
import { SlowNotice } from "./slow";
import { StatsOverlay } from "./stats-overlay";
import { Toolbar } from "./toolbar";

export function ViewerPage({ sessionId, access }: { sessionId: string; access: Access }) {
  const stage = useRef<HTMLDivElement>(null);
  const keys = useRef<HTMLTextAreaElement>(null);
  const [controller, setController] = useState<ViewerController | null>(null);

  useEffect(() => {
    if (!stage.current || !keys.current) return;
    const made = take({ sessionId, access }) ?? new ViewerController(sessionId, access);
    made.attach(stage.current, keys.current);
    setController(made);
    return () => made.stop();
  }, [sessionId, access]);

  return (
    <main className="viewer">
      <div className="viewer-stage" ref={stage} />
      <textarea
        className="viewer-keys"
        ref={keys}
        aria-label="Keyboard of the remote machine"
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
      />
      {controller && (
        <Chrome controller={controller} sessionId={sessionId} access={access} keys={keys} stage={stage} />
      )}
    </main>
  );
}

interface ChromeProps {
  controller: ViewerController;
  sessionId: string;
  access: Access;
  keys: RefObject<HTMLTextAreaElement | null>;
  stage: RefObject<HTMLDivElement | null>;
}

function Chrome({ controller, sessionId, access, keys, stage }: ChromeProps) {
  const state = useSyncExternalStore(controller.subscribe, controller.snapshot);
  const dimmed = state.phase !== "live" || state.session?.agent === "offline";

  useEffect(() => {
    stage.current?.classList.toggle("dimmed", dimmed);
  }, [dimmed, stage]);

  return (
    <>
      <span className="hidden-visually" data-testid="viewer-state" data-state={state.phase} role="status">
        {state.phase}
      </span>
      <Toolbar controller={controller} state={state} sessionId={sessionId} keys={keys} />
      {state.showRegions && <RegionsOverlay controller={controller} state={state} stage={stage} />}
      <div className="viewer-notices">
        <Notices state={state} />
        <SlowNotice state={state} />
        <FileBar controller={controller} state={state} />
      </div>
      <Overlay controller={controller} state={state} sessionId={sessionId} access={access} />
      <Banner controller={controller} state={state} access={access} />
      {state.files.dragging && (
        <div
          className={controller.drags.aimsDrops ? "files-drop aimed" : "files-drop"}
          data-testid="files-drop"
        >
          <span>
            {controller.drags.aimsDrops
              ? "Drop on the window that is to take them"
              : "Drop to send to the machine"}
          </span>
        </div>
      )}
      {state.files.shown && <LazyFilesPanel controller={controller} state={state} />}
      {state.showStats && <StatsOverlay controller={controller} state={state} />}
    </>
  );
}
