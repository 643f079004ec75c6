import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
  Outlet,
} from "@tanstack/react-router";
import type { Access } from "../api/types";
import { LoginPage, SetupPage } from "../pages/entry";
import { JoinPage } from "../pages/join";
import { Empty, Failure, Loading } from "../ui/states";
import { SignedIn, useAuth } from "./auth";
import "../styles/entry.css";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => <Empty title="There is no such page" action={<a href="/">Go to the start</a>} />,
  errorComponent: ({ error }) => <Failure error={error} what="this page" retry={() => location.reload()} />,
});

/** Guests join, technicians work: the same address for both. */
function Start() {
  const auth = useAuth();
  if (auth.phase === "loading") return <Loading label="Starting" />;
  return auth.phase === "signed-in" ? <Navigate to="/machines" replace /> : <JoinPage />;
}

const start = createRoute({ getParentRoute: () => root, path: "/", component: Start });
const join = createRoute({
  getParentRoute: () => root,
  path: "/j/$code",
  component: function Join() {
    return <JoinPage code={join.useParams().code} />;
  },
});
const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: LoginPage,
});
const setup = createRoute({ getParentRoute: () => root, path: "/setup", component: SetupPage });

const Viewer = lazyRouteComponent(() => import("../viewer/viewer-page"), "ViewerPage");
const session = createRoute({
  getParentRoute: () => root,
  path: "/session/$id",
  validateSearch: (search): { access: Access } => ({
    access: search.access === "view_only" ? "view_only" : "control",
  }),
  component: function SessionView() {
    return (
      <SignedIn>
        <Viewer sessionId={session.useParams().id} access={session.useSearch().access} />
      </SignedIn>
    );
  },
});

const Shell = lazyRouteComponent(() => import("./shell"), "Shell");
const console = createRoute({
  getParentRoute: () => root,
  id: "console",
  component: () => (
    <SignedIn>
      <Shell />
    </SignedIn>
  ),
});
const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => console, path, component });

const pages = [
  page(
    "/machines",
    lazyRouteComponent(() => import("../pages/machines/page"), "MachinesPage"),
  ),
  page(
    "/sessions",
    lazyRouteComponent(() => import("../pages/sessions"), "SessionsPage"),
  ),
  page(
    "/codes",
    lazyRouteComponent(() => import("../pages/codes"), "CodesPage"),
  ),
  page(
    "/audit",
    lazyRouteComponent(() => import("../pages/audit"), "AuditPage"),
  ),
  page(
    "/users",
    lazyRouteComponent(() => import("../pages/users"), "UsersPage"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("../pages/settings"), "SettingsPage"),
  ),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([start, join, login, setup, session, console.addChildren([...pages])]),
  defaultPendingComponent: Loading,
  defaultPendingMs: 150,
});
