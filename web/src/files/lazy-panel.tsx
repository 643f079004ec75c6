// The panel comes when it is first wanted; the picture does not wait for it.

import { X } from "lucide-react";
import { type ComponentType, useEffect, useState } from "react";
import type { ViewerController } from "../viewer/controller";
import type { ViewerState } from "../viewer/state";

interface PanelProps {
  controller: ViewerController;
  state: ViewerState;
}

type Loaded = { Panel: ComponentType<PanelProps> } | "loading" | "failed";

/** A module that failed once is not asked for again by browsers; the page has to be. */
export function LazyFilesPanel(props: PanelProps) {
  const [loaded, setLoaded] = useState<Loaded>("loading");
  useEffect(() => {
    import("./panel").then(
      ({ FilesPanel }) => setLoaded({ Panel: FilesPanel }),
      () => setLoaded("failed"),
    );
  }, []);
  if (typeof loaded === "object") return <loaded.Panel {...props} />;
  if (loaded === "loading") return null;
  const { controller } = props;
  return (
    <aside className="viewer-failed" role="alert" data-testid="files-panel-failed">
      <p>The panel of files could not be fetched from the server. Reload the page.</p>
      <button
        type="button"
        className="icon-button"
        aria-label="Close"
        onClick={() => {
          controller.files.show(false);
          controller.focus();
        }}
      >
        <X size={16} aria-hidden />
      </button>
    </aside>
  );
}
