import { Toast } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import type { CauseFacts } from "../engine/messages";
import { errorFacts } from "./states";

const manager = Toast.createToastManager();

/** Says that something was done. */
export function tell(title: string, text?: string): void {
  manager.add({ title, ...(text ? { description: text } : {}), timeout: 4000 });
}

/** Says that something failed, with its code. */
export function tellError(error: unknown): void {
  const { sentence, code } = errorFacts(error);
  manager.add({ title: sentence, description: code, type: "error", timeout: 9000, priority: "high" });
}

/** Says why a machine did not do something. */
export function tellCause({ sentence, code, detail }: CauseFacts): void {
  const description = detail === "" ? code : `${detail} (${code})`;
  manager.add({ title: sentence, description, type: "error", timeout: 9000, priority: "high" });
}

function List() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-testid="toast">
      {toast.type === "error" ? <CircleAlert size={16} aria-hidden /> : <CircleCheck size={16} aria-hidden />}
      <div>
        <Toast.Title className="toast-title" />
        <Toast.Description className="toast-text" />
      </div>
      <Toast.Close className="icon-button" aria-label="Dismiss">
        <X size={14} />
      </Toast.Close>
    </Toast.Root>
  ));
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
