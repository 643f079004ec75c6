import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { queryClient } from "../api/queries";
import { Toasts } from "../ui/toast";
import { router } from "./router";
import "../styles/tokens.css";
import "../styles/base.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    // The content security policy allows no style elements: everything is in style sheets.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <Tooltip.Provider delay={500}>
          <RouterProvider router={router} />
          <Toasts />
        </Tooltip.Provider>
      </QueryClientProvider>
    </CSPProvider>,
  );
}
